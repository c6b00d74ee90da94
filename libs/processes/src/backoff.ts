import { randomInt } from 'node:crypto';

/** How long to wait before a crashed process is started again. */
export interface Backoff {
  /** the second restart in a row waits this long, every later one twice as long as the one before */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const restartBackoff: Backoff = { baseMs: 50, maxMs: 10_000 };

/** For a process that had served before it ended: someone else killed it, or it will serve again; do not keep callers waiting. */
export const shortBackoff: Backoff = { baseMs: 50, maxMs: 250 };

/** This many exits in a row without a stable time between them are a crash loop: worth telling, never a reason to give up. */
export const CRASH_LOOP_EXITS = 5;

/** A process that has served this long is well again: its next crash counts as the first. */
export const STABLE_AFTER_MS = 1_000;

/** A number in [0, 1). */
export type Random = () => number;
export const systemRandom: Random = () => randomInt(2 ** 32) / 2 ** 32;

/**
 * The first restart is immediate, so that a kill -9 is repaired at once; later ones wait exponentially longer, each
 * shortened by up to a half, so that processes that fell together do not rise together.
 * @param exitsInARow 1 for the first crash
 */
export function restartDelayMs(exitsInARow: number, random: Random, backoff = restartBackoff): number {
  if (exitsInARow <= 1) return 0;
  const full = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(exitsInARow - 2, 30));
  return Math.round(full * (1 - random() / 2));
}
