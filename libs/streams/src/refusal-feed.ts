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

/**
 * Every first refusal is in the feed before it is answered; those that repeat it within the window are counted and
 * follow as one event, so that a flood of bad requests cannot flood the audit trail.
 */
export class RefusalFeed {
  readonly #counts = new Map<string, { refusal: Refusal; count: number }>();

  constructor(private readonly options: RefusalFeedOptions) {}

  /** @throws what the feed throws for a first refusal */
  async append(refusal: Refusal): Promise<void> {
    const open = this.#counts.get(refusal.key);
    if (open) {
      open.count++;
      return;
    }
    // Too many different refusals at once are themselves a flood: they share one key, and their details are lost.
    const key = this.#counts.size < keysLimit ? refusal.key : 'flood';
    const shared = this.#counts.get(key);
    if (shared) {
      shared.count++;
      return;
    }
    this.#counts.set(key, { refusal, count: 0 });
    this.options.setTimer(() => void this.#close(key), this.options.windowMs);
    await this.#feed(refusal, 1);
  }

  /** Feeds what was counted so far: before the process ends. */
  async flush(): Promise<void> {
    await Promise.all([...this.#counts.keys()].map((key) => this.#close(key)));
  }

  async #close(key: string): Promise<void> {
    const counted = this.#counts.get(key);
    this.#counts.delete(key);
    if (!counted || counted.count === 0) return;
    try {
      await this.#feed(counted.refusal, counted.count);
    } catch (error) {
      this.options.onError(error);
    }
  }

  #feed({ key: _key, data, ...event }: Refusal, count: number): Promise<void> {
    return this.options.feed.append({ ...event, data: { ...data, count } });
  }
}
