import { readFileSync } from 'node:fs';
import { familyOf } from '@concordat/processes';

/** USER_HZ: on every architecture that Linux and Node share it is 100 (proc(5), time(7)). */
const ticksPerSecond = 100;

/**
 * Seconds of CPU that a process with all its children has used, in user and kernel mode, over all of its threads.
 * @throws Error where there is no /proc
 */
export function cpuSecondsOf(pid: number): number {
  let ticks = 0;
  for (const member of familyOf(pid)) {
    // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th field behind it.
    const fields = readFileSync(`/proc/${member}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/** Of this process. */
export const ownCpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
};
