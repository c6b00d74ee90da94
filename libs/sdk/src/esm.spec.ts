import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sdk from './index';

describe('the SDK for import', () => {
  it('exports what it does for require', () => {
    const text = readFileSync(join(__dirname, '..', 'esm.mjs'), 'utf8');
    const names = /export const \{(.*)\}/s
      .exec(text)![1]!
      .split(',')
      .map((name) => name.trim());
    expect(names.filter(Boolean).sort()).toEqual(Object.keys(sdk).sort());
  });
});
