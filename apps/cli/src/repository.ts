import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the checkout: this file lies in apps/cli/src, or apps/cli/dist when built. */
export const repositoryRoot = join(__dirname, '..', '..', '..');

/** The built CLI; also when this runs from the sources, as in tests. */
export const cliMain = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');

/** Of the checkout: `0.1.0` */
export function version(): string {
  const text = readFileSync(join(repositoryRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
