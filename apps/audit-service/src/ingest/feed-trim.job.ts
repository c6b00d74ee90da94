import type { Logger } from '@concordat/runtime';
import type { EventLog } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Source } from './sources';

const periodMs = 10_000;
/** Newest positions that stay, for readers that are a little behind. */
const keepPositions = 10_000;

/**
 * Trims the sources that have no owner: feeds and partitions are written by several processes, and the audit log is what
 * they are kept for. A chained source is trimmed by the relay of its service.
 */
export class FeedTrimJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sources: readonly Source[],
    private readonly log: Pick<EventLog, 'trim'>,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.#trim(), periodMs);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #trim(): Promise<void> {
    try {
      for (const { name, trusted } of this.sources) if (!trusted) await this.log.trim(name, keepPositions);
    } catch (error) {
      this.logger.warn({ error }, 'sources were not trimmed');
    }
  }
}
