import type { durability } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import { nodesOf, type RedisConnection } from '@concordat/streams';
import type Redis from 'ioredis';
import type { z } from 'zod';

export type DurabilityMode = z.infer<typeof durability>;

const weakestFirst: readonly DurabilityMode[] = [
  ...(['none', 'appendfsync-no', 'appendfsync-everysec', 'appendfsync-always'] as const),
];

/** What an acknowledgement of Redis is worth: asked on every connection, because a restart may change it. */
export class Durability {
  #current: DurabilityMode = 'unknown';

  constructor(
    private readonly redis: RedisConnection,
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
      const modes = await Promise.all(nodesOf(this.redis).map(modeOf));
      // Of a cluster, what its weakest server promises.
      this.#current = weakestFirst.find((mode) => modes.includes(mode)) ?? 'unknown';
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
}

async function modeOf(node: Redis): Promise<DurabilityMode> {
  const setting = async (name: string): Promise<string> =>
    ((await node.config('GET', name)) as string[])[1] ?? '';
  const [appendOnly, fsync] = await Promise.all([setting('appendonly'), setting('appendfsync')]);
  return appendOnly === 'yes' ? (`appendfsync-${fsync}` as DurabilityMode) : 'none';
}
