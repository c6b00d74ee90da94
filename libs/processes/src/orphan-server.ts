import { readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { birthMark, commandLine, workingDirectory } from './process-identity';
import { stopStoredProcess } from './stop-process';

const STOP_DEADLINE_MS = 15_000;

/** A database server that writes its pid to a file and works in the folder of its data. */
export interface OrphanServer {
  readonly pidFile: string;
  readonly directory: string;
  /** its program's name begins with one of these */
  readonly programs: readonly string[];
  readonly stopSignal?: NodeJS.Signals;
}

/**
 * Stops the server that a killed supervisor left behind: two servers on the same data would ruin it.
 * @returns `none` when nothing runs under the pid, `foreign` when something else does: that is left alone
 */
export async function stopOrphanServer(server: OrphanServer): Promise<'none' | 'foreign' | 'stopped'> {
  const { pidFile, stopSignal = 'SIGTERM' } = server;
  const pid = await pidOfFile(pidFile);
  const mark = pid === undefined ? undefined : birthMark(pid);
  if (pid === undefined || mark === undefined) return 'none';
  if (!(await servesDirectory(pid, server))) return 'foreign';
  await stopStoredProcess({ pid, mark, stopSignal }, STOP_DEADLINE_MS);
  return 'stopped';
}

/** The number in the first line of a pid file. */
export async function pidOfFile(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

async function servesDirectory(pid: number, { directory, programs }: OrphanServer): Promise<boolean> {
  const words = commandLine(pid);
  const program = basename(words[0] ?? '');
  if (!programs.some((name) => program.startsWith(name))) return false;
  const worksIn = workingDirectory(pid);
  // Without /proc the arguments have to do.
  return worksIn === undefined
    ? words.join(' ').includes(directory)
    : worksIn === (await realpath(directory));
}
