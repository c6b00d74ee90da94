/** A number in [0, 1). */
export type Random = () => number;

export interface Backoff {
  /** The first wait is at most this, every further one at most twice the one before. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const defaultBackoff: Backoff = { baseMs: 50, maxMs: 2_000 };

/**
 * Exponential backoff with full jitter: clients that failed together do not come back together. What the server asked
 * for is the least; the jitter comes on top of it.
 * @param failures 1 after the first one
 */
export function backoffMs(
  failures: number,
  random: Random,
  retryAfterSeconds = 0,
  { baseMs, maxMs }: Backoff = defaultBackoff,
): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(retryAfterSeconds * 1_000 + random() * ceiling);
}
