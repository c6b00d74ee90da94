import { type Clock, systemClock } from './clock';
import { isSameProcess } from './process-identity';

export interface StoredProcess {
  readonly pid: number;
  /** from `birthMark`; without one nothing is signalled */
  readonly mark: string | undefined;
  readonly stopSignal?: NodeJS.Signals;
}

const KILL_DEADLINE_MS = 10_000;

/**
 * Stops a process that is not our child, known only from a file: asks, waits, then kills.
 * @returns how it went; `gone` when it no longer ran
 * @throws Error when not even SIGKILL ends it
 */
export async function stopStoredProcess(
  { pid, mark, stopSignal = 'SIGTERM' }: StoredProcess,
  deadlineMs: number,
  clock: Clock = systemClock,
): Promise<'gone' | 'stopped' | 'killed'> {
  const lives = (): boolean => isSameProcess(pid, mark);
  if (!lives()) return 'gone';
  signal(pid, stopSignal);
  // A stopped (SIGSTOP) process would hear nothing until it goes on.
  signal(pid, 'SIGCONT');
  const started = clock.now();
  while (clock.now() - started < deadlineMs) {
    if (!lives()) return 'stopped';
    await clock.sleep(20);
  }
  if (lives()) signal(pid, 'SIGKILL');
  while (lives()) {
    // Only a process inside the kernel, on a disk that hangs, survives SIGKILL.
    if (clock.now() - started > deadlineMs + KILL_DEADLINE_MS)
      throw new Error(`process ${pid} cannot be killed`);
    await clock.sleep(20);
  }
  return 'killed';
}

/** @returns false when the process is gone */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
