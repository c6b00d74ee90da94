import type { RefusalFeed } from '@concordat/streams';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { RedisLinks } from './redis-links';

/** Last of all: feeds what was counted, then closes the connections. */
export class RedisCloser implements OnApplicationShutdown {
  constructor(
    private readonly links: RedisLinks,
    private readonly refusals: RefusalFeed,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.refusals.flush();
    this.links.close();
  }
}
