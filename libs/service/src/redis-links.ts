import { type Health, isWithin, type Logger } from '@concordat/runtime';
import { blockingConnection, commandConnection, nodesOf, type RedisConnection } from '@concordat/streams';

export interface RedisLinksOptions {
  /** Events, feeds and messages: fsyncs every write. */
  readonly redisUrl: string;
  /** Commands, replies and the control lane: stores nothing. */
  readonly rpcRedisUrl: string;
  readonly instance: string;
  readonly logger: Logger;
}

/** A server that has not answered until then is away, for the health of this process. */
const pingMs = 500;

/** The connections of a process to its two Redis servers. */
export class RedisLinks {
  readonly durable: RedisConnection;
  readonly rpc: RedisConnection;
  readonly #options: RedisLinksOptions;
  readonly #opened: RedisConnection[] = [];

  constructor(options: RedisLinksOptions) {
    this.#options = options;
    this.durable = this.#keep(commandConnection(this.#settings('durable')));
    this.rpc = this.#keep(commandConnection(this.#settings('rpc')));
  }

  /** A connection of its own for blocking reads. */
  blocking(which: 'durable' | 'rpc', purpose: string): RedisConnection {
    return this.#keep(blockingConnection(this.#settings(which, purpose)));
  }

  /** A connection of its own for commands that must not wait behind others. */
  commands(which: 'durable' | 'rpc', purpose: string): RedisConnection {
    return this.#keep(commandConnection(this.#settings(which, purpose)));
  }

  addChecks(health: Health): void {
    for (const which of ['durable', 'rpc'] as const) {
      health.add(which === 'durable' ? 'redis' : 'redis-rpc', async () => {
        const nodes = nodesOf(this[which]);
        let there = 0;
        const pings = nodes.map((node) =>
          node.ping().then(
            () => (there += 1),
            () => undefined,
          ),
        );
        await isWithin(pingMs, Promise.all(pings));
        // In a cluster a node that is away takes its own streams away, and no others.
        return { ok: there > 0, detail: `${there} of ${nodes.length} answer` };
      });
    }
  }

  close(): void {
    for (const connection of this.#opened) connection.disconnect();
  }

  #keep(connection: RedisConnection): RedisConnection {
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
