import type { EventSpec } from '@concordat/contracts';
import type { Feed, FeedEvent } from './feed';

/** A refusal to be audited; `key` says which refusals are alike. */
export interface Refusal extends Omit<FeedEvent, 'data' | 'spec'> {
  readonly spec: EventSpec;
  /** Data of the event without its `count`. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly key: string;
}

export interface RefusalFeedOptions {
  readonly feed: Pick<Feed, 'append'>;
  /** Alike refusals within this time after the first are counted together. */
  readonly windowMs: number;
  readonly setTimer: (run: () => void, ms: number) => void;
  readonly onError: (error: unknown) => void;
}

const keysLimit = 10_000;

interface Window {
  readonly refusal: Refusal;
  /** The first refusal on its way into the feed. */
  readonly first: Promise<void>;
  repeated: number;
}

/**
 * Every first refusal is in the feed before it is answered; those that repeat it within the window are counted and
 * follow as one event, so that a flood of bad requests cannot flood the audit trail.
 */
export class RefusalFeed {
  readonly #windows = new Map<string, Window>();

  constructor(private readonly options: RefusalFeedOptions) {}

  /** Resolves when the refusal, or the first of those that it repeats, is durable. @throws what the feed throws */
  async append(refusal: Refusal): Promise<void> {
    // Too many different refusals at once are themselves a flood: they share one window, and their details are lost.
    const isKnown = this.#windows.has(refusal.key);
    const key = isKnown || this.#windows.size < keysLimit ? refusal.key : 'flood';
    const open = this.#windows.get(key);
    if (open) {
      open.repeated++;
      return open.first;
    }
    const first = this.#feed(refusal, 1);
    this.#windows.set(key, { refusal, first, repeated: 0 });
    try {
      await first;
    } catch (error) {
      this.#windows.delete(key);
      throw error;
    }
    this.options.setTimer(() => void this.#close(key), this.options.windowMs);
  }

  /** Feeds what was counted so far: before the process ends. */
  async flush(): Promise<void> {
    await Promise.all([...this.#windows.keys()].map((key) => this.#close(key)));
  }

  async #close(key: string): Promise<void> {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    if (!window || window.repeated === 0) return;
    try {
      await this.#feed(window.refusal, window.repeated);
    } catch (error) {
      this.options.onError(error);
    }
  }

  #feed({ key: _key, data, ...event }: Refusal, count: number): Promise<void> {
    return this.options.feed.append({ ...event, data: { ...data, count } });
  }
}
