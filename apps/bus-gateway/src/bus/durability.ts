import type { durability } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type Redis from 'ioredis';
import type { z } from 'zod';

export type DurabilityMode = z.infer<typeof durability>;

/** What an acknowledgement of Redis is worth: asked on every connection, because a restart may change it. */
export class Durability {
  #current: DurabilityMode = 'unknown';

  constructor(
    private readonly redis: Redis,
    private readonly logger: Logger,
  ) {
    redis.on('ready', () => void this.#ask());
    if (redis.status === 'ready') void this.#ask();
  }

  get current(): DurabilityMode {
    return this.#current;
  }

  async #ask(): Promise<void> {
    try {
      const [appendOnly, fsync] = await Promise.all([
        this.#setting('appendonly'),
        this.#setting('appendfsync'),
      ]);
      this.#current = appendOnly === 'yes' ? (`appendfsync-${fsync}` as DurabilityMode) : 'none';
      if (this.#current !== 'appendfsync-always') {
        this.logger.warn(
          { durability: this.#current },
          'Redis may lose acknowledged messages in a power cut',
        );
      }
    } catch (error) {
      // The ACL user may not look: then we do not claim to know.
      this.#current = 'unknown';
      this.logger.warn({ error }, 'the durability of Redis is unknown');
    }
  }

  async #setting(name: string): Promise<string> {
    const [, value] = (await this.redis.config('GET', name)) as string[];
    return value ?? '';
  }
}
