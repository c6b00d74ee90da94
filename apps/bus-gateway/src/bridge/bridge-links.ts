import { type Logger } from '@concordat/runtime';
import { blockingNode, commandNode } from '@concordat/streams';
import type { OnApplicationShutdown } from '@nestjs/common';
import type Redis from 'ioredis';
import { BridgeStore } from './bridge-store';
import { OutStreams } from './out-streams';
import { RedisUsers } from './redis-users';

/** What the bridge keeps in Redis, by a user of its own that may make users. */
export interface OpenLinks {
  readonly redis: Redis;
  /** For blocking reads. */
  readonly blocking: Redis;
  readonly store: BridgeStore;
  readonly users: RedisUsers;
  readonly outStreams: OutStreams;
}

/** The connections of the bridge. */
export class BridgeLinks implements OnApplicationShutdown {
  /** Undefined: the bridge is off. */
  readonly open: OpenLinks | undefined;

  constructor(url: string | undefined, instance: string, logger: Logger) {
    if (url === undefined) return;
    const settings = (purpose: string) => ({
      ...{ url, name: `${instance}:${purpose}` },
      onError: (error: Error): void =>
        logger.warn({ redis: 'bridge', connection: purpose, reason: error.message }, 'redis connection'),
    });
    const redis = commandNode(settings('bridge'));
    const blocking = blockingNode(settings('bridge-reader'));
    const [store, users, outStreams] = [new BridgeStore(redis), new RedisUsers(redis), new OutStreams(redis)];
    this.open = { redis, blocking, store, users, outStreams };
  }

  onApplicationShutdown(): void {
    this.open?.redis.disconnect();
    this.open?.blocking.disconnect();
  }
}
