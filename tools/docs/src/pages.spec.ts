import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages';

describe('a page made from the catalogue', () => {
  it.each(pages().map(({ file, text }) => [file, text]))(
    '%s is what `npx nx run docs:write` makes of the code now',
    (file, text) => {
      expect(readFileSync(join(__dirname, '..', '..', '..', file), 'utf8')).toBe(text);
    },
  );
});
