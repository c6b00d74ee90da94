import { cpuSecondsOf, ownCpuSeconds } from './cpu-time';
import type { System } from './system';

/** Seconds of CPU by the name of the process; `client` is this one. */
export type CpuSeconds = Readonly<Record<string, number>>;

/** Begins to measure. @returns what every process of the system, and the client, has used since then */
export function cpuMeter(system: System): () => CpuSeconds {
  const processes = system.run.processes.map(({ name }) => ({ name, pid: system.process(name).pid }));
  const now = (): [string, number][] => [
    ['client', ownCpuSeconds()],
    ...processes.map(({ name, pid }): [string, number] => [name, cpuSecondsOf(pid)]),
  ];
  const before = new Map(now());
  return () => Object.fromEntries(now().map(([name, seconds]) => [name, seconds - before.get(name)!]));
}

/** Conditions that say how many cores each process kept busy, `cores.<name>`. */
export const coresOf = (used: CpuSeconds, elapsedMs: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(used).map(([name, seconds]) => [`cores.${name}`, (seconds * 1_000) / elapsedMs]),
  );
