import { setTimeout as delay } from 'node:timers/promises';
import { lockHolder } from '@concordat/processes';
import { lockPath, readRunFile, type RunFile, supervisorLives } from './run-file';

/** What runs for a data folder now; undefined when nothing does. */
export async function findRunning(dataDirectory: string): Promise<RunFile | undefined> {
  const run = await readRunFile(dataDirectory);
  return run !== undefined && supervisorLives(run) ? run : undefined;
}

/** The supervisor, also one that has only just begun and not yet written anything. */
export async function supervisorPid(dataDirectory: string): Promise<number | undefined> {
  return (await lockHolder(lockPath(dataDirectory)))?.pid;
}

/**
 * Waits until the supervisor that someone else started is ready.
 * @returns undefined when it ended instead, or the deadline passed
 */
export async function whenRunning(dataDirectory: string, deadlineMs: number): Promise<RunFile | undefined> {
  const started = performance.now();
  while (performance.now() - started < deadlineMs) {
    const run = await findRunning(dataDirectory);
    if (run?.phase === 'ready') return run;
    if ((await supervisorPid(dataDirectory)) === undefined) return undefined;
    await delay(50);
  }
  return undefined;
}
