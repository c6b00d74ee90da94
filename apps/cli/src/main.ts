import { watchOutput } from './broken-output';
import { runCommandLine } from './program';

process.setSourceMapsEnabled(true);
watchOutput();
void runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
