import { randomInt } from 'node:crypto';
import Redis, { type RedisOptions } from 'ioredis';

export interface NodeOptions {
  /** `redis://…` or `rediss://…` */
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  /** Called with the first error of an outage; the connection goes on trying. */
  readonly onError?: (error: Error) => void;
}

/** Longest time a command may take before its caller is told that Redis does not answer. */
export const commandTimeoutMs = 1_500;
/** How long a blocking read waits in Redis. */
export const blockMs = 2_000;

const common = {
  connectTimeout: 1_000,
  noDelay: true,
  keepAlive: 10_000,
  enableOfflineQueue: false,
  // The default resends what was sent before the connection broke, and so publishes twice.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // 20 ms, then doubling up to a second, with jitter so that instances do not come back in step.
  retryStrategy: (attempt: number) =>
    Math.min(20 * 2 ** (attempt - 1), 1_000) * (0.5 + randomInt(1_000) / 2_000),
} satisfies RedisOptions;

/**
 * For commands: fails fast when Redis is away or frozen. Without auto-pipelining, which lets a command wait until the
 * pipeline before it was answered: behind a frozen Redis the waits would add up to more than the promised two seconds.
 */
export function commandNode(options: NodeOptions): Redis {
  return gatherWrites(connect(options, { ...common, commandTimeout: commandTimeoutMs }));
}

/**
 * What is sent within one turn of the event loop leaves in one write: a system call for each command is what a busy
 * process spends most of its time on. Nothing waits for an answer, as it would in a pipeline.
 */
function gatherWrites(redis: Redis): Redis {
  const send = redis.sendCommand.bind(redis);
  let corked: Redis['stream'] | undefined;
  redis.sendCommand = (...command: Parameters<Redis['sendCommand']>) => {
    const { stream } = redis;
    // A new connection has a new stream; that of the old one has gone with what was in it.
    if (stream !== undefined && stream !== corked) {
      corked = stream;
      stream.cork();
      setImmediate(() => {
        stream.uncork();
        if (corked === stream) corked = undefined;
      });
    }
    return send(...command);
  };
  return redis;
}

/** For blocking reads: a connection of its own, because everything behind a blocking read would wait too. */
export function blockingNode(options: NodeOptions): Redis {
  return connect(options, { ...common, blockingTimeout: blockMs + 1_000 });
}

/**
 * Whoever closes a connection that is closed already starts a timer in ioredis, which waits two seconds for a socket that
 * has gone and holds the process up.
 */
export function closingOnce(redis: Redis): Redis {
  const disconnect = redis.disconnect.bind(redis);
  redis.disconnect = (...reconnect) => {
    if (redis.status !== 'end') disconnect(...reconnect);
  };
  return redis;
}

function connect({ url, name, onError }: NodeOptions, options: RedisOptions): Redis {
  const redis = closingOnce(new Redis(url, { ...options, connectionName: name }));
  let isReported = false;
  redis.on('ready', () => (isReported = false));
  redis.on('error', (error: Error) => {
    if (!isReported) onError?.(error);
    isReported = true;
  });
  return redis;
}
