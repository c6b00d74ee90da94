import {
  fromRedisError,
  type RedisConnection,
  streamReader,
  type StreamPlace,
  type StreamReader,
} from '@concordat/streams';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { ConcordatError } from '@concordat/contracts';
import { waitingReaders } from '../monitor/bus-metrics';
import { partitionKeys } from './partition';

const waitersLimit = 10_000;

/**
 * Wakes whoever waits at a queue. One reader of the doorbells of all partitions serves every waiter of this gateway:
 * five hundred waiting agents are not five hundred connections.
 */
export class Doorbell implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #places: Map<string, StreamPlace>;
  readonly #reader: StreamReader;
  #waiters = 0;
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(
    blocking: RedisConnection,
    partitions: number,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#reader = streamReader(blocking);
    const keys = Array.from({ length: partitions }, (_, partition) => partitionKeys(partition).doorbell);
    this.#places = new Map(keys.map((key) => [key, undefined]));
  }

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  /** Before the doors close: they wait for the requests that wait here. */
  async onModuleDestroy(): Promise<void> {
    this.#isStopped = true;
    this.#reader.close();
    this.#wakeAll();
    await this.#loop;
  }

  /**
   * Waits until the queue rings, the time has passed, or there is no use in waiting: then `wait` says false, because the
   * caller has gone or the gateway stops. Begin to listen before the last look into the queue, or a ring in between is
   * missed.
   * @throws ConcordatError OVERLOADED
   */
  listen(queue: string): { wait(ms: number, signal: AbortSignal): Promise<boolean>; end(): void } {
    if (this.#waiters >= waitersLimit)
      throw new ConcordatError('OVERLOADED', 'Too many agents wait at this gateway.');
    let hasRung = false;
    let wake: (() => void) | undefined;
    const ring = (): void => {
      hasRung = true;
      wake?.();
    };
    this.#waiters++;
    waitingReaders.inc();
    const others = this.#waiting.get(queue) ?? new Set();
    this.#waiting.set(queue, others.add(ring));
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
        waitingReaders.dec();
        others.delete(ring);
        if (others.size === 0 && this.#waiting.get(queue) === others) this.#waiting.delete(queue);
      },
    };
  }

  /** @param name of a queue, or `everyone` of a tenant: wakes whoever waits there at this gateway */
  ring(name: string): void {
    if (!name.endsWith(':*')) {
      for (const ring of this.#waiting.get(name) ?? []) ring();
      return;
    }
    const inboxes = `${name.slice(0, -1)}i:`;
    for (const [queue, rings] of this.#waiting) {
      if (queue.startsWith(inboxes)) for (const ring of rings) ring();
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { entries, begun, failed } = await this.#reader.read(this.#places, 500);
      if (this.#isStopped) return;
      for (const [key, id] of begun) this.#places.set(key, id);
      for (const [key, rings] of entries) this.#ring(key, rings);
      const [failure] = failed.values();
      if (failure) this.onError(fromRedisError(failure));
      // Redis may come back with other ids.
      for (const key of failed.keys()) this.#places.set(key, undefined);
      // Whoever waits learns now, not later, that Redis is away. When it is back, every ring is heard from then on; those
      // before were perhaps not, so everybody looks for themselves.
      if (begun.size > 0 || failed.size > 0) this.#wakeAll();
    }
  }

  #ring(key: string, rings: readonly [id: string, fields: string[]][]): void {
    for (const [id, [, queue]] of rings) {
      this.#places.set(key, id);
      this.ring(queue ?? '');
    }
  }

  #wakeAll(): void {
    for (const rings of this.#waiting.values()) for (const ring of rings) ring();
  }
}
