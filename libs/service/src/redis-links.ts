import type { Health, Logger } from '@concordat/runtime';
import { blockingConnection, commandConnection } from '@concordat/streams';
import type Redis from 'ioredis';

export interface RedisLinksOptions {
  /** Events, feeds and messages: fsyncs every write. */
  readonly redisUrl: string;
  /** Commands, replies and the control lane: stores nothing. */
  readonly rpcRedisUrl: string;
  readonly instance: string;
  readonly logger: Logger;
}

/** The connections of a process to its two Redis servers. */
export class RedisLinks {
  readonly durable: Redis;
  readonly rpc: Redis;
  readonly #options: RedisLinksOptions;
  readonly #opened: Redis[] = [];

  constructor(options: RedisLinksOptions) {
    this.#options = options;
    this.durable = this.#keep(commandConnection(this.#settings('durable')));
    this.rpc = this.#keep(commandConnection(this.#settings('rpc')));
  }

  /** A connection of its own for blocking reads. */
  blocking(which: 'durable' | 'rpc', purpose: string): Redis {
    return this.#keep(blockingConnection(this.#settings(which, purpose)));
  }

  /** A connection of its own for commands that must not wait behind others. */
  commands(which: 'durable' | 'rpc', purpose: string): Redis {
    return this.#keep(commandConnection(this.#settings(which, purpose)));
  }

  addChecks(health: Health): void {
    for (const which of ['durable', 'rpc'] as const) {
      health.add(which === 'durable' ? 'redis' : 'redis-rpc', async () => {
        const answer = await this[which].ping();
        return { ok: answer === 'PONG', detail: answer };
      });
    }
  }

  close(): void {
    for (const connection of this.#opened) connection.disconnect();
  }

  #keep(connection: Redis): Redis {
    this.#opened.push(connection);
    return connection;
  }

  #settings(which: 'durable' | 'rpc', purpose = 'commands') {
    const { redisUrl, rpcRedisUrl, instance, logger } = this.#options;
    const name = `${instance}:${purpose}`;
    const onError = (error: Error): void =>
      logger.warn({ redis: which, connection: name, reason: error.message }, 'redis connection');
    return { url: which === 'durable' ? redisUrl : rpcRedisUrl, name, onError };
  }
}
