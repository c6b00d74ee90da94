import type { Meter } from './meter';

/** So finely a window slides: what was used comes free after the window and at most one slot more. */
export const slotsPerWindow = 24;

/** Within any time of the length of the window it lets at most the limit through; a slot partly in it counts whole. */
export class SlidingWindow implements Meter {
  readonly #counts = new Map<number, number>();
  readonly #slotMs: number;

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {
    this.#slotMs = windowMs / slotsPerWindow;
  }

  take(count: number, nowMs: number): number {
    const slot = Math.floor(nowMs / this.#slotMs);
    this.#slide(slot, Math.floor((nowMs - this.windowMs) / this.#slotMs));
    const used = [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
    if (used + count > this.limit) return this.#waitMs(used + count - this.limit, nowMs);
    this.#add(slot, count);
    return 0;
  }

  giveBack(count: number): void {
    const newest = Math.max(...this.#counts.keys());
    const counted = this.#counts.get(newest);
    if (counted !== undefined) this.#counts.set(newest, Math.max(counted - count, 0));
  }

  #slide(slot: number, oldest: number): void {
    for (const [at, counted] of [...this.#counts]) {
      if (at >= oldest && at <= slot) continue;
      this.#counts.delete(at);
      // The clock went back: what lies ahead counts as of now.
      if (at > slot) this.#add(slot, counted);
    }
  }

  #add(slot: number, count: number): void {
    this.#counts.set(slot, (this.#counts.get(slot) ?? 0) + count);
  }

  /** Until so many have left the window; for what never fits, until all have. */
  #waitMs(missing: number, nowMs: number): number {
    let left = missing;
    for (const at of [...this.#counts.keys()].sort((one, other) => one - other)) {
      left -= this.#counts.get(at)!;
      if (left <= 0) return Math.ceil((at + 1) * this.#slotMs + this.windowMs - nowMs);
    }
    return this.windowMs;
  }
}
