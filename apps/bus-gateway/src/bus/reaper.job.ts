import { type Logger, problemListener } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { MessageStore } from './message-store';

/** Between two looks at a partition: short enough for a lease to end in time, long enough to cost nothing. */
const idleMs = 1_000;
const soonestMs = 20;

/** Ends leases and times to live, in every partition, from every gateway: whoever comes first does it. */
export class ReaperJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #isStopped = false;
  #loops: Promise<void>[] = [];

  constructor(
    private readonly store: MessageStore,
    private readonly partitions: number,
    private readonly sleep: (ms: number) => Promise<void>,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#loops = Array.from({ length: this.partitions }, (_, partition) => this.#run(partition));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #run(partition: number): Promise<void> {
    while (!this.#isStopped) {
      let waitMs = idleMs;
      try {
        const { ended, expired, failed, nextMs } = await this.store.reap(partition);
        if (ended + expired + failed > 0) this.logger.info({ partition, ended, expired, failed }, 'reaped');
        if (nextMs >= 0) waitMs = Math.max(soonestMs, Math.min(nextMs, idleMs));
      } catch (error) {
        problemListener(this.logger, 'reaper')(error);
      }
      await this.sleep(waitMs);
    }
  }
}
