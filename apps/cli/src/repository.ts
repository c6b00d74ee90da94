import { join } from 'node:path';

/** The folder of the checkout: this file lies in apps/cli/src, or apps/cli/dist when built. */
export const repositoryRoot = join(__dirname, '..', '..', '..');

/** The built CLI; also when this runs from the sources, as in tests. */
export const cliMain = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');
