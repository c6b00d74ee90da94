import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * A pid alone does not name a process: after a restart of the machine, or much later, another one has it. A birth mark
 * does: boot and start time. Whoever stores a pid stores its mark too, and signals nothing whose mark differs.
 */
export function birthMark(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    if (!existsSync('/proc/self/stat')) return psBirthMark(pid);
    const fields = statFields(pid);
    // Field 3 is the state, field 22 the start in ticks since boot (proc(5)); a zombie is dead for us.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether a process has ended, but still has its pid because its parent has not taken note: in a container whose first
 * process does not care for orphans, for ever.
 */
export function isZombie(pid: number): boolean {
  try {
    return statFields(pid)[0] === 'Z';
  } catch {
    return false;
  }
}

/** Whether the process that once had this mark still runs. */
export const isSameProcess = (pid: number, mark: string | undefined): boolean =>
  mark !== undefined && birthMark(pid) === mark;

/** "4242 (node /srv/concordat/…)": for messages. */
export function describeProcess(pid: number): string {
  const words = commandLine(pid);
  return words.length === 0 ? `process ${pid}` : `process ${pid} (${words.join(' ').slice(0, 120)})`;
}

/** The words of the command line; none when the process is gone. */
export function commandLine(pid: number): string[] {
  try {
    if (!existsSync('/proc/self/stat')) return ps(pid, 'command=').split(' ');
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

/** The folder a process works in, if the system tells. */
export function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

// The name in field 2 may hold spaces and parentheses, so everything is read after its last one.
function statFields(pid: number): string[] {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function psBirthMark(pid: number): string | undefined {
  const started = ps(pid, 'lstart=');
  return started === '' ? undefined : started;
}

const ps = (pid: number, column: string): string =>
  execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim();
