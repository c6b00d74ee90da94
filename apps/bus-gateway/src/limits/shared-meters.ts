import { ConcordatError, isConcordatError } from '@concordat/contracts';
import { LuaScript, type RedisConnection } from '@concordat/streams';
import { join } from 'node:path';
import { slotsPerWindow } from './sliding-window';

const tokensScript = new LuaScript(join(__dirname, 'commands', 'lease-tokens-1.lua'));
const windowScript = new LuaScript(join(__dirname, 'commands', 'lease-window-1.lua'));

/** How long a gateway may spend what it leased. */
export const leaseMs = 1_000;
/** Longest wait for Redis before a request is let through on what this gateway alone has counted. */
const answerMs = 100;
/** Redis that did not answer is not asked again for so long. */
const pauseMs = 1_000;
/** A lease is at most so much of what is allowed: 50 ms of a rate, a hundredth of a window. */
const leasesPerSecond = 20;
const leasesPerWindow = 100;

/** Answer of a meter that all gateways share. */
export interface Grant {
  readonly isTaken: boolean;
  /** More, that can be spent without asking until the lease ends. */
  readonly leased: number;
  /** When it was not taken: there may be room after so many milliseconds. */
  readonly waitMs: number;
}

/**
 * Asks for `count`, all or none, and gives back what is left of the lease before. Undefined: Redis does not answer, and
 * what was asked for may or may not have been taken.
 */
export type Ask = (count: number, left: number) => Promise<Grant | undefined>;

export interface SharedMetersOptions {
  /** The Redis that stores nothing: when it loses the meters, they begin anew. */
  readonly redis: RedisConnection;
  /** Names this process, and no other one before or after it. */
  readonly holder: string;
  readonly monotonicMs: () => number;
  readonly onAway: (error: unknown) => void;
  /** Milliseconds since 1970; the clock of Redis when not given. */
  readonly redisNowMs?: () => number;
}

/** The meters of all gateways together, in Redis. */
export class SharedMeters {
  #awayUntilMs = -Infinity;

  constructor(private readonly options: SharedMetersOptions) {}

  /** @param subject names whose tokens they are, the tenant first */
  bucket(subject: string, perSecond: number, capacity: number): Ask {
    const key = `cc:{limit.${subject}}:tokens`;
    const most = Math.ceil(perSecond / leasesPerSecond);
    return (count, left) => this.#ask(tokensScript, key, [count, most, left, leaseMs, perSecond, capacity]);
  }

  /** @param window names the window among those of the subject */
  window(subject: string, window: string, limit: number, windowMs: number): Ask {
    const key = `cc:{limit.${subject}}:${window}`;
    const most = Math.ceil(limit / leasesPerWindow);
    return (count, left) =>
      this.#ask(windowScript, key, [count, most, left, leaseMs, windowMs, slotsPerWindow, limit]);
  }

  async #ask(script: LuaScript, key: string, args: readonly number[]): Promise<Grant | undefined> {
    const { redis, holder, monotonicMs, redisNowMs, onAway } = this.options;
    if (monotonicMs() < this.#awayUntilMs) return undefined;
    try {
      const asked = script.run(redis, [key], [redisNowMs?.() ?? '', holder, ...args]);
      const [taken, leased, waitMs] = (await within(asked, answerMs)) as [number, number, number];
      return { isTaken: taken === 1, leased, waitMs };
    } catch (error) {
      if (!isConcordatError(error, 'SERVICE_UNAVAILABLE')) throw error;
      this.#awayUntilMs = monotonicMs() + pauseMs;
      onAway(error);
      return undefined;
    }
  }
}

/** @throws ConcordatError SERVICE_UNAVAILABLE when it takes longer */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ConcordatError('SERVICE_UNAVAILABLE', 'Redis is slow.')), ms);
  });
  // Whoever comes in second may still fail, and then nobody listens.
  promise.catch(() => undefined);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
