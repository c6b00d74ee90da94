import { isConcordatError } from '@concordat/contracts';
import { isWithin } from '@concordat/runtime';
import { fromRedisError, type RedisConnection } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

const key = 'cc:{bus}:partitions';
const retryMs = 250;
/** A gateway opens its doors when the number was compared, or Redis kept it waiting for so long. */
const compareMs = 2_000;

/**
 * The number of partitions decides where a message lies, so it belongs to the Redis that holds them: a gateway that was
 * told another number would find none of them.
 */
export class PartitionCountJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #isStopped = false;

  /** @param onMismatch the gateway must not go on */
  constructor(
    private readonly redis: RedisConnection,
    private readonly count: number,
    private readonly sleep: (ms: number) => Promise<void>,
    private readonly onMismatch: (error: Error) => void,
  ) {}

  /** @throws Error when Redis holds another number of partitions */
  async onApplicationBootstrap(): Promise<void> {
    const compared = this.#compare();
    if (!(await isWithin(compareMs, compared))) compared.catch(this.onMismatch);
  }

  beforeApplicationShutdown(): void {
    this.#isStopped = true;
  }

  async #compare(): Promise<void> {
    while (!this.#isStopped) {
      const before = await this.#claim();
      if (before === 'unknown') await this.sleep(retryMs);
      else if (before === null || Number(before) === this.count) return;
      else
        throw new Error(
          `This Redis holds a bus of ${before} partitions, and CONCORDAT_BUS_PARTITIONS says ${this.count}. ` +
            `Set it to ${before}: what lies in the other partitions would not be found.`,
        );
    }
  }

  /** @returns the number that Redis held before; null when it held none and holds ours now */
  async #claim(): Promise<string | null> {
    try {
      return await this.redis.set(key, this.count, 'NX', 'GET');
    } catch (error) {
      if (isConcordatError(fromRedisError(error), 'SERVICE_UNAVAILABLE')) return 'unknown';
      throw error;
    }
  }
}
