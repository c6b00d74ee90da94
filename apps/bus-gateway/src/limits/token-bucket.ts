import type { Meter } from './meter';

/** Refills at a rate, up to a capacity: within any time t it gives at most capacity + rate × t. */
export class TokenBucket implements Meter {
  #level: number;
  #atMs = -Infinity;

  /** Full at first. */
  constructor(
    private readonly perSecond: number,
    private readonly capacity: number,
  ) {
    this.#level = capacity;
  }

  take(count: number, nowMs: number): number {
    // A clock that goes back gives nothing; one that jumps ahead fills the bucket, no more.
    const passedMs = Math.max(nowMs - this.#atMs, 0);
    this.#level = Math.min(this.capacity, this.#level + (passedMs * this.perSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#level < count) return Math.ceil(((count - this.#level) * 1_000) / this.perSecond);
    this.#level -= count;
    return 0;
  }

  giveBack(count: number): void {
    this.#level = Math.min(this.capacity, this.#level + count);
  }
}
