import { blockMs, fromRedisError, untilBack } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type Redis from 'ioredis';
import { ConcordatError } from '@concordat/contracts';
import { partitionKeys } from './partition';

const waitersLimit = 10_000;

/**
 * Wakes whoever waits at an inbox. One blocking read over the doorbells of all partitions serves every waiter of this
 * gateway: five hundred waiting agents are not five hundred connections.
 */
export class Doorbell implements OnApplicationBootstrap, BeforeApplicationShutdown {
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

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.blocking.disconnect();
    this.#wakeAll();
    await this.#loop;
  }

  /**
   * Waits until the inbox rings, the time has passed, or the caller has gone. Begin to listen before the last look into
   * the inbox, or a ring in between is missed.
   * @throws ConcordatError OVERLOADED
   */
  listen(inbox: string): { wait(ms: number, signal: AbortSignal): Promise<void>; end(): void } {
    if (this.#waiters >= waitersLimit)
      throw new ConcordatError('OVERLOADED', 'Too many agents wait at this gateway.');
    let hasRung = this.#isStopped;
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
        if (!hasRung && !signal.aborted && ms > 0) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, ms);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            signal.addEventListener('abort', wake, { once: true });
          });
        }
        hasRung = this.#isStopped;
        wake = undefined;
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
        this.#after ??= await Promise.all(this.#keys.map((key) => this.#newestId(key)));
        await this.#read(this.#after);
      } catch (error) {
        if (this.#isStopped) return;
        this.onError(fromRedisError(error));
        // Redis may have come back with other ids, and rings may have been missed: everybody looks for themselves.
        this.#after = undefined;
        await untilBack(this.blocking);
        this.#wakeAll();
      }
    }
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
