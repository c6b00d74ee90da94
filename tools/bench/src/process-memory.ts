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
