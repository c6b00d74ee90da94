import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly fileBackedMb: number;
}

/** What a process holds in memory now, in MiB. @throws Error where there is no /proc */
export function memoryOf(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024;
  return { rssMb: mb('VmRSS'), anonymousMb: mb('RssAnon'), fileBackedMb: mb('RssFile') };
}

const sampleMs = 100;

/** The most that each of these processes has resident while something goes on, in MiB; looked at ten times a second. */
export async function peakRssMb(
  pids: readonly number[],
  going: Promise<unknown>,
): Promise<readonly number[]> {
  const look = (): number[] => pids.map((pid) => memoryOf(pid).rssMb);
  let peaks = look();
  const timer = setInterval(() => {
    const now = look();
    peaks = peaks.map((peak, i) => Math.max(peak, now[i]!));
  }, sampleMs);
  await going.finally(() => clearInterval(timer));
  return peaks;
}
