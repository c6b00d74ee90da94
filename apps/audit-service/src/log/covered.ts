import { comparePositions, origin, type Position, type Positions } from '@concordat/contracts';

/** A checkpoint that was signed and stored, and may be handed out. */
export interface SignedCheckpoint {
  readonly size: number;
  /** C2SP signed note */
  readonly note: string;
}

export type Cursors = ReadonlyMap<string, Position>;

/**
 * What the latest signed checkpoint covers, which is all that is served: the size of the log, and up to where each
 * source is in it. Moves forward only; readers may wait for it.
 */
export class Covered {
  #checkpoint: SignedCheckpoint | undefined;
  #cursors: Cursors = new Map();
  #waiters: (() => void)[] = [];

  /** undefined while the log is not read yet; an empty log has one, too */
  get checkpoint(): SignedCheckpoint | undefined {
    return this.#checkpoint;
  }

  get size(): number {
    return this.#checkpoint?.size ?? 0;
  }

  advance(checkpoint: SignedCheckpoint | undefined, cursors: Cursors): void {
    this.#checkpoint = checkpoint;
    this.#cursors = cursors;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Whether every source is at least where `positions` says; never for a source that is not followed. */
  reaches(positions: Positions): boolean {
    return Object.entries(positions).every(([source, wanted]) => {
      const at = this.#cursors.get(source) ?? origin;
      return comparePositions(at, wanted) >= 0;
    });
  }

  /** Waits until it reaches `positions`, no longer than so many milliseconds. @returns whether it does */
  async until(positions: Positions, ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    while (!this.reaches(positions)) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await this.#moved(left);
    }
    return true;
  }

  /** Waits until more than `size` entries are covered, no longer than so many milliseconds. @returns whether they are */
  async beyond(size: number, ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    for (let left = ms; this.size <= size && left > 0; left = end - performance.now())
      await this.#moved(left);
    return this.size > size;
  }

  #moved(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((waiter) => waiter !== done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiters.push(done);
    });
  }
}
