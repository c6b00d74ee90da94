import { randomInt } from 'node:crypto';
import { ConcordatError, isErrorCode } from '@concordat/contracts';
import Redis, { type RedisOptions } from 'ioredis';

export interface ConnectionOptions {
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
export function commandConnection(options: ConnectionOptions): Redis {
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
export function blockingConnection(options: ConnectionOptions): Redis {
  return connect(options, { ...common, blockingTimeout: blockMs + 1_000 });
}

function connect({ url, name, onError }: ConnectionOptions, options: RedisOptions): Redis {
  const redis = new Redis(url, { ...options, connectionName: name });
  let isReported = false;
  redis.on('ready', () => (isReported = false));
  redis.on('error', (error: Error) => {
    if (!isReported) onError?.(error);
    isReported = true;
  });
  return redis;
}

/** Resolves when the connection is ready. @throws Error after the time has passed */
export async function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
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
export async function untilBack(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await new Promise((resolve) => setTimeout(resolve, 50).unref());
  else await whenReady(redis, 2_000).catch(() => undefined);
}

const scriptError = /^CONCORDAT ([A-Z_]+) ?(.*)$/;

/**
 * Errors of Redis as ours. Scripts refuse with `CONCORDAT <code> <detail>`; a broken, absent or frozen connection is
 * SERVICE_UNAVAILABLE, and then the command may or may not have been carried out.
 */
export function fromRedisError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const refusal = scriptError.exec(error.message);
  if (refusal && isErrorCode(refusal[1])) return new ConcordatError(refusal[1], refusal[2] || undefined);
  if (
    error.name === 'ReplyError' &&
    !/^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|MISCONF|OOM)/.test(error.message)
  )
    return error;
  return new ConcordatError('SERVICE_UNAVAILABLE', 'Redis does not answer.', { cause: error });
}
