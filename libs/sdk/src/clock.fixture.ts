import type { Clock } from './clock';

/** A clock for tests: waiting takes no time but moves the clock, and alarms ring when the clock passes them. */
export class FakeClock implements Clock {
  /** How long every `sleep` was. */
  readonly slept: number[] = [];
  readonly #alarms = new Map<() => void, number>();
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.slept.push(ms);
    this.advance(ms);
    signal.throwIfAborted();
  }

  setAlarm(ms: number, ring: () => void): () => void {
    this.#alarms.set(ring, this.#nowMs + ms);
    return () => void this.#alarms.delete(ring);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [ring, at] of this.#alarms) {
      if (at > this.#nowMs) continue;
      this.#alarms.delete(ring);
      ring();
    }
  }
}
