import type { SqliteEventStore } from '@concordat/eventsourcing';
import { type Clock, type Logger, problemListener } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { forgetWithdrawals } from './withdrawal.projection';

const intervalMs = 60_000;

/** Forgets withdrawals of what is over by itself. */
export class WithdrawalJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Pick<SqliteEventStore, 'write'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#turn = this.run().catch(problemListener(this.logger, 'withdrawals'));
    }, intervalMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  /** @returns how many were forgotten */
  run(): Promise<number> {
    return this.store.write([forgetWithdrawals(new Date(this.clock.nowMs()).toISOString())]);
  }
}
