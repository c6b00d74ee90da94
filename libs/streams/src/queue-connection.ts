import { nodeUrl, parseRedisUrl } from '@concordat/contracts';
import { closingOnce, commandNode, commandTimeoutMs } from './node-connection';
import Redis, { Cluster, type RedisOptions } from 'ioredis';

export interface QueueConnectionOptions {
  /** One server or a cluster: `parseRedisUrl`. */
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly onError: (error: unknown) => void;
}

/** For those who ask and are waited for: says soon that Redis is away. @throws Error for a URL that is none */
export function askingConnection(options: QueueConnectionOptions): Redis | Cluster {
  const failFast = { maxRetriesPerRequest: 0, commandTimeout: commandTimeoutMs };
  return parseRedisUrl(options.url).kind === 'server'
    ? commandNode(options)
    : clusterOf(options, failFast, false);
}

/**
 * For a worker, which makes another one of it for its blocking reads: they wait for Redis as long as it is away, as BullMQ
 * wants it. Whoever opens it closes it.
 */
export function waitingConnection(options: QueueConnectionOptions): Redis | Cluster {
  const patient = { maxRetriesPerRequest: null };
  const place = parseRedisUrl(options.url);
  if (place.kind === 'cluster') return clusterOf(options, patient, true);
  return closingOnce(new Redis(place.url, { ...patient, connectionName: options.name })).on(
    'error',
    options.onError,
  );
}

/** Of ioredis: its keys are in one slot, but scripts of BullMQ need more than the commands of `RedisConnection`. */
function clusterOf(
  { url, name, onError }: QueueConnectionOptions,
  options: RedisOptions,
  isPatient: boolean,
): Cluster {
  const place = parseRedisUrl(url);
  if (place.kind !== 'cluster') throw new Error('names no cluster');
  const { username, password, protocol } = new URL(nodeUrl(place.access, place.seeds[0]!));
  const cluster = new Cluster([...place.seeds], {
    enableOfflineQueue: isPatient,
    redisOptions: {
      ...{ ...options, connectionName: name },
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  });
  return cluster.on('error', onError);
}
