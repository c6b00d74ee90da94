import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Runs something while all threads of a process are held to one core: the last of those that it may use.
 * @returns what came of it, and whether they could be held (Linux with taskset of util-linux)
 */
export async function onOneCore<T>(
  pid: number,
  run: () => Promise<T>,
): Promise<{ readonly outcome: T; readonly isPinned: boolean }> {
  const allowed = allowedCores(pid);
  const isPinned = allowed !== undefined && hold(pid, /\d+$/.exec(allowed)![0]);
  try {
    return { outcome: await run(), isPinned };
  } finally {
    if (isPinned) hold(pid, allowed);
  }
}

/** As a list: `0-3,8`. */
function allowedCores(pid: number): string | undefined {
  try {
    return /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

function hold(pid: number, cores: string): boolean {
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
