import type Redis from 'ioredis';

/**
 * The commands that Concordat uses of a Redis that may be a cluster. Each names one key, or keys with one hash tag: there
 * is no pipeline, transaction or scan, which would span slots.
 */
export const commandNames = [
  ...(['eval', 'evalsha'] as const),
  ...(['del', 'exists', 'get', 'set'] as const),
  ...(['hdel', 'hexists', 'hget', 'hgetall', 'hincrby', 'hlen', 'hmget', 'hset', 'hsetnx'] as const),
  ...(['sismember', 'srem'] as const),
  ...(['xadd', 'xlen', 'xrange', 'xread', 'xreadBuffer', 'xrevrange', 'xtrim'] as const),
] as const;

export type CommandName = (typeof commandNames)[number];

/** Commands on one Redis server or a cluster. An ioredis connection to a server is one as it is. */
export interface RedisConnection extends Pick<Redis, CommandName> {
  /** `ready` when commands can be sent; to all nodes, where there are several. */
  readonly status: string;
  on(event: 'ready', listener: () => void): unknown;
  once(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
  disconnect(): void;
}

/** Resolves when the connection is ready. @throws Error after the time has passed */
export async function whenReady(
  redis: Pick<RedisConnection, 'status' | 'once' | 'off'>,
  timeoutMs: number,
): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', done);
      reject(new Error(`Redis is not ready after ${timeoutMs} ms (${redis.status})`));
    }, timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', done);
  });
}

/** After a failed read: until the connection is back, or a moment when it is still there. For loops that read for ever. */
export async function untilBack(redis: RedisConnection): Promise<void> {
  if (redis.status === 'ready') await new Promise((resolve) => setTimeout(resolve, 50).unref());
  else await whenReady(redis, 2_000).catch(() => undefined);
}
