import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process and everything it started, as Linux tells it in /proc. PostgreSQL serves from children in groups of their
 * own, so that a signal to the process or its group does not reach them. Elsewhere: the process alone.
 */
export function familyOf(pid: number): number[] {
  const parents = new Map(processIds().map((id) => [id, parentOf(id)]));
  const family = [pid];
  // The list grows while it is walked: children of children come later.
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Freezes (SIGSTOP) or thaws (SIGCONT) a process with all its children. Those that have ended are passed over. */
export function signalFamily(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const member of familyOf(pid)) {
    try {
      process.kill(member, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @returns undefined for a process that has just ended */
function parentOf(pid: number): number | undefined {
  try {
    // pid (name) state parent …; the name may hold anything, so count from its end.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]);
  } catch {
    return undefined;
  }
}
