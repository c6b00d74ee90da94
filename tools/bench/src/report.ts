/** One figure, as `bench -o json` prints it. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the store or the primitive below it does alone, measured in the same run. */
  readonly limit?: number;
  /** value / limit */
  readonly ratio?: number;
  /** How it was measured: durability, payload, concurrency, open or closed loop, samples, warm-up. */
  readonly conditions: Readonly<Record<string, string | number | boolean>>;
}

export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryMb: number;
  readonly node: string;
  readonly redis: string | null;
  readonly postgres: string | null;
  /** 1-minute load average before the run: what else was going on */
  readonly loadBefore: number;
}

export interface BenchReport {
  /** of the checkout, with `-dirty` when files differ; null outside of git */
  readonly commit: string | null;
  readonly machine: Machine;
  readonly results: readonly BenchResult[];
}

/** Four significant digits: more would claim a precision that no run has. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

/** A figure beside its limit, if it has one. */
export function result(
  name: string,
  value: number,
  unit: string,
  conditions: BenchResult['conditions'],
  limit?: number,
): BenchResult {
  const beside = limit === undefined ? {} : { limit: rounded(limit), ratio: rounded(value / limit) };
  return { name, value: rounded(value), unit, ...beside, conditions: roundedConditions(conditions) };
}

const roundedConditions = (conditions: BenchResult['conditions']): BenchResult['conditions'] =>
  Object.fromEntries(
    Object.entries(conditions).map(([name, value]) => [
      name,
      typeof value === 'number' && !Number.isInteger(value) ? rounded(value) : value,
    ]),
  );
