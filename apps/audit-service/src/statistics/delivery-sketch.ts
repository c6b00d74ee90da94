/**
 * Delivery times as a DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
 * Relative-Error Guarantees", PVLDB 12(12), 2019): counts of buckets whose bounds grow by a factor, so that any value of a
 * bucket is near every other one, and sketches add up. Index i holds times in (γ^(i-1), γ^i] milliseconds; those below one
 * millisecond are `zeroIndex`.
 */
export const relativeError = 0.01;
const gamma = (1 + relativeError) / (1 - relativeError);
const zeroIndex = -1;

/** How many times fell into which bucket. */
export type Sketch = ReadonlyMap<number, number>;

/** The index of a time, in SQL. @param ms expression of whole milliseconds, not negative; null stays null */
export const sketchIndexSql = (ms: string): string =>
  `CASE WHEN ${ms} < 1 THEN ${zeroIndex} ELSE ceil(ln(${ms}::float8) / ${Math.log(gamma)}) END::int2`;

/** The middle of a bucket, in milliseconds: no value in it is farther away than `relativeError` of itself. */
const middleOf = (index: number): number => (index === zeroIndex ? 0 : (2 * gamma ** index) / (gamma + 1));

export const countOf = (sketch: Sketch): number => [...sketch.values()].reduce((a, b) => a + b, 0);

/**
 * The value at rank ⌊q·(n-1)⌋ of n in order (lower quantile), within `relativeError`.
 * @param q 0 to 1
 * @returns milliseconds; null when nothing was counted
 */
export function quantileOf(sketch: Sketch, q: number): number | null {
  const rank = Math.floor(q * (countOf(sketch) - 1));
  let seen = 0;
  for (const [index, count] of [...sketch].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen > rank) return middleOf(index);
  }
  return null;
}
