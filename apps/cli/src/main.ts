import { runCommandLine } from './program';

process.setSourceMapsEnabled(true);
void runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
