/** Milliseconds, each a value that was measured (nearest rank), none between two. */
export interface LatencySummary {
  readonly samples: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The smallest of the values that at least this share of them does not exceed (nearest rank).
 * @param sorted ascending, not empty
 * @param share above 0, up to 1
 * @throws RangeError when there is nothing to choose from, or the share is none
 */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('no values: no percentile');
  if (!(share > 0 && share <= 1)) throw new RangeError(`${share} is no share`);
  return sorted[Math.ceil(share * sorted.length) - 1]!;
}

/** @throws RangeError for no values */
export function summarize(latenciesMs: readonly number[]): LatencySummary {
  const sorted = Float64Array.from(latenciesMs).sort() as unknown as readonly number[];
  return {
    samples: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1)!,
  };
}
