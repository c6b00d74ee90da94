import { blockMs, fromRedisError, untilBack } from '@concordat/streams';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type Redis from 'ioredis';
import { ConcordatError } from '@concordat/contracts';
import { partitionKeys } from './partition';

const waitersLimit = 10_000;

/**
 * Wakes whoever waits at an inbox. One blocking read over the doorbells of all partitions serves every waiter of this
 * gateway: five hundred waiting agents are not five hundred connections.
 */
export class Doorbell implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #waiting = new Map<string, Set<() => void>>();
  #after: string[] | undefined;
  readonly #keys: string[];
  #waiters = 0;
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(
    private readonly blocking: Redis,
    partitions: number,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#keys = Array.from({ length: partitions }, (_, partition) => partitionKeys(partition).doorbell);
  }

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  /** Before the doors close: they wait for the requests that wait here. */
  async onModuleDestroy(): Promise<void> {
    this.#isStopped = true;
    this.blocking.disconnect();
    this.#wakeAll();
    await this.#loop;
  }

  /**
   * Waits until the inbox rings, the time has passed, or there is no use in waiting: then `wait` says false, because the
   * caller has gone or the gateway stops. Begin to listen before the last look into the inbox, or a ring in between is
   * missed.
   * @throws ConcordatError OVERLOADED
   */
  listen(inbox: string): { wait(ms: number, signal: AbortSignal): Promise<boolean>; end(): void } {
    if (this.#waiters >= waitersLimit)
      throw new ConcordatError('OVERLOADED', 'Too many agents wait at this gateway.');
    let hasRung = false;
    let wake: (() => void) | undefined;
    const ring = (): void => {
      hasRung = true;
      wake?.();
    };
    this.#waiters++;
    const others = this.#waiting.get(inbox) ?? new Set();
    this.#waiting.set(inbox, others.add(ring));
    return {
      wait: async (ms, signal) => {
        if (!hasRung && !this.#isStopped && !signal.aborted && ms > 0) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(() => wake!(), ms);
            wake = () => {
              clearTimeout(timer);
              signal.removeEventListener('abort', wake!);
              resolve();
            };
            signal.addEventListener('abort', wake);
          });
        }
        hasRung = false;
        wake = undefined;
        return !this.#isStopped && !signal.aborted;
      },
      end: () => {
        this.#waiters--;
        others.delete(ring);
        if (others.size === 0 && this.#waiting.get(inbox) === others) this.#waiting.delete(inbox);
      },
    };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#after ??= await this.#begin();
        await this.#read(this.#after);
      } catch (error) {
        if (this.#isStopped) return;
        this.onError(fromRedisError(error));
        // Redis may have come back with other ids.
        this.#after = undefined;
        await untilBack(this.blocking);
        // Whoever waits learns now, not later, that Redis is away.
        this.#wakeAll();
      }
    }
  }

  /** From now on every ring is heard; those before were perhaps not, so everybody looks for themselves. */
  async #begin(): Promise<string[]> {
    const newest = await Promise.all(this.#keys.map((key) => this.#newestId(key)));
    this.#wakeAll();
    return newest;
  }

  async #newestId(key: string): Promise<string> {
    const [newest] = await this.blocking.xrevrange(key, '+', '-', 'COUNT', 1);
    return newest?.[0] ?? '0-0';
  }

  async #read(after: string[]): Promise<void> {
    const reply = await this.blocking.xread(
      'COUNT',
      500,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...this.#keys,
      ...after,
    );
    for (const [key, entries] of reply ?? []) {
      for (const [id, [, inbox]] of entries as [string, string[]][]) {
        after[this.#keys.indexOf(key)] = id;
        for (const ring of this.#waiting.get(inbox ?? '') ?? []) ring();
      }
    }
  }

  #wakeAll(): void {
    for (const rings of this.#waiting.values()) for (const ring of rings) ring();
  }
}
