import type { Clock } from '../clock';

export interface TimeFrameOptions {
  readonly clock: Clock;
  readonly ms: number;
  /** Ends it early. */
  readonly signal: AbortSignal | undefined;
  /** Why it ended when the time is over. */
  readonly late: () => Error;
}

/**
 * The time that something may take: over when its milliseconds are, or when the caller gives up. Not `AbortSignal.any`:
 * until Node 22 it kept every combined signal alive as long as its longest-lived source.
 */
export class TimeFrame {
  readonly #controller = new AbortController();
  readonly #endMs: number;
  readonly #cancel: () => void;
  readonly #giveUp: () => void;

  constructor(private readonly options: TimeFrameOptions) {
    const { clock, ms, signal, late } = options;
    this.#endMs = clock.nowMs() + ms;
    this.#giveUp = () => this.#controller.abort(signal?.reason);
    this.#cancel = clock.setAlarm(ms, () => this.#controller.abort(late()));
    if (signal?.aborted) this.#giveUp();
    else signal?.addEventListener('abort', this.#giveUp, { once: true });
  }

  /** Its reason is what `late` made, or the reason of the caller. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get leftMs(): number {
    return Math.max(0, this.#endMs - this.options.clock.nowMs());
  }

  /** The outcome of the promise, or the reason of the end when that comes first; the promise itself goes on. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let onEnd: () => void = () => undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      onEnd = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onEnd, { once: true });
      if (signal.aborted) onEnd();
    });
    try {
      return await Promise.race([promise, ended]);
    } finally {
      signal.removeEventListener('abort', onEnd);
    }
  }

  /** Lets go of timer and listener; must be called. */
  close(): void {
    this.#cancel();
    this.options.signal?.removeEventListener('abort', this.#giveUp);
  }
}
