import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages';

for (const { file, text } of pages()) {
  writeFileSync(join(__dirname, '..', '..', '..', file), text);
  process.stdout.write(`${file}\n`);
}
