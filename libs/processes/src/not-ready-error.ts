import { readableLog } from './readable-log';

/** A child process did not come up. The message names it, says why, and ends with what it printed last. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';

  constructor(
    readonly processName: string,
    readonly why: string,
    readonly logFile: string,
    readonly lastLines: readonly string[],
  ) {
    const lines = readableLog(lastLines);
    const printed =
      lines.length === 0
        ? `It printed nothing (${logFile}).`
        : `Last lines of ${logFile}:\n${lines.map((line) => `    ${line}`).join('\n')}`;
    super(`${processName} did not become ready: ${why}.\n${printed}`);
  }
}
