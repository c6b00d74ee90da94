import { limits } from '@concordat/contracts';
import { type Logger, problemListener } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { keepEndedMs, type PartitionScripts } from './partition-scripts';

/** Between two looks at a partition: short enough for a lease to end in time, long enough to cost nothing. */
const idleMs = 1_000;
const soonestMs = 20;
const sweepBatch = 200;

export interface Swept {
  readonly delayed: number;
  readonly returned: number;
  readonly failed: number;
  readonly expired: number;
  readonly purged: number;
  /** Until more is due; -1 when nothing waits for its time. */
  readonly nextMs: number;
}

/** Does what is due in a partition: ends of delays, leases, times to live and of the keeping of dead letters. */
export async function sweep(scripts: PartitionScripts, partition: number): Promise<Swept> {
  const args = [limits.deliveryAttempts, keepEndedMs, sweepBatch, limits.deadLetterSeconds * 1_000];
  const reply = await scripts.run('sweep', partition, args);
  const [delayed, returned, failed, expired, purged, nextMs] = reply as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  return { delayed, returned, failed, expired, purged, nextMs };
}

/** Sweeps every partition, from every gateway: whoever comes first does it. */
export class SweeperJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #end = new AbortController();
  #loops: Promise<void>[] = [];

  constructor(
    private readonly scripts: PartitionScripts,
    private readonly partitions: number,
    private readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loops = Array.from({ length: this.partitions }, (_, partition) => this.#run(partition));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#loops);
  }

  async #run(partition: number): Promise<void> {
    while (!this.#end.signal.aborted) {
      let waitMs = idleMs;
      try {
        const { nextMs, ...counts } = await sweep(this.scripts, partition);
        if (Object.values(counts).some((count) => count > 0))
          this.logger.debug({ partition, ...counts }, 'swept');
        if (nextMs >= 0) waitMs = Math.max(soonestMs, Math.min(nextMs, idleMs));
      } catch (error) {
        problemListener(this.logger, 'sweeper')(error);
      }
      await this.sleep(waitMs, this.#end.signal);
    }
  }
}
