// The way from a fresh checkout to the CLI, without any dependency: install, build, hand over.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { provideBuild } from './bootstrap/build.mjs';
import { commandWord } from './bootstrap/command-word.mjs';
import { provideDependencies } from './bootstrap/install.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const main = join(root, 'apps', 'cli', 'dist', 'main.js');

// What is running must be stoppable although the sources are being edited and do not build.
const stopping =
  commandWord(process.argv.slice(2)) === 'down' &&
  existsSync(main) &&
  existsSync(join(root, 'node_modules', 'commander'));

// The launcher saw nohup. Neither the installation nor anything later ends with the terminal then.
if (process.env.CONCORDAT_HANGUP === 'ignored') process.on('SIGHUP', () => undefined);

try {
  if (!stopping) {
    await provideDependencies(root);
    await provideBuild(root);
  }
} catch (error) {
  process.stderr.write(`concordat: ${error.message}\n`);
  process.exit(1);
}
await import(pathToFileURL(main).href);
