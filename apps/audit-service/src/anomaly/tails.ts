/**
 * How likely it is that a Poisson variable reaches `k`: its upper tail, summed as a series.
 * @returns 1 when `k` is not above the mean, where nothing is unlikely
 */
export function poissonTail(k: number, mean: number): number {
  if (k <= mean) return 1;
  if (mean === 0) return 0;
  let logTerm = -mean;
  for (let i = 1; i <= k; i++) logTerm += Math.log(mean / i);
  let [term, sum] = [1, 1];
  for (let i = k + 1; term > 1e-12 * sum; i++) {
    term *= mean / i;
    sum += term;
  }
  return Math.min(1, Math.exp(logTerm) * sum);
}

/**
 * Bound on how likely it is that of `n` trials at least `k` fail when each does with probability `p`:
 * exp(−n·D(k/n ‖ p)), W. Hoeffding, "Probability Inequalities for Sums of Bounded Random Variables" (1963), theorem 1.
 * @param p between 0 and 1, neither of both
 */
export function binomialTailBound(k: number, n: number, p: number): number {
  const share = k / n;
  if (share <= p) return 1;
  const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return Math.exp(-n * (part(share, p) + part(1 - share, 1 - p)));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median absolute deviation as an estimate of a standard deviation (F. Hampel 1974): half of the values can lie. */
export function robustDeviation(values: readonly number[], middle: number): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** A Poisson count as an almost normal variable of deviation 1: F. J. Anscombe 1948. */
export const anscombe = (count: number): number => 2 * Math.sqrt(count + 3 / 8);
export const inverseAnscombe = (y: number): number => (y / 2) ** 2 - 3 / 8;
