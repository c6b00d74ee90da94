import { VerificationFinished } from '@concordat/contracts';
import type { Clock, Logger } from '@concordat/runtime';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { OwnEvents } from '../own-event/own-events';
import { type VerificationPorts, type VerificationProgress, verifyDatabase } from './database-verification';
import { VerificationEntity } from './verification-row';

/** How often the job says how far it is. */
const sayMs = 2_000;

export interface VerificationJobPorts extends VerificationPorts {
  readonly ownEvents: OwnEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Verifies the database in the background, one verification after the other. A verification belongs to the process that
 * began it: when that ends, it is over (`interrupted`), and another one is started.
 */
export class VerificationJob implements BeforeApplicationShutdown {
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(private readonly ports: VerificationJobPorts) {}

  /** Its row must be there. Returns at once. */
  begin(id: string): void {
    this.#running = this.#running
      .then(() => this.#run(id))
      .catch((error: unknown) => {
        if (!this.#isStopped) this.ports.logger.error({ error, id }, 'a verification of the database failed');
      });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(id: string): Promise<void> {
    const { store, clock } = this.ports;
    let latest: VerificationProgress = { phase: 'log', checked: 0, size: 0 };
    const say = async (): Promise<void> => {
      await store.transaction((em) =>
        em.nativeUpdate(VerificationEntity, { id }, { ...latest, seenAt: clock.now() }),
      );
    };
    // What cannot be said now is said the next time; a database that is away ends the verification itself.
    const timer = setInterval(() => void say().catch(() => undefined), sayMs);
    try {
      const result = await verifyDatabase(this.ports, (progress) => {
        if (this.#isStopped) throw new Error('the service stops');
        latest = progress;
      });
      clearInterval(timer);
      await this.#finish(id, result);
    } finally {
      clearInterval(timer);
    }
  }

  async #finish(id: string, result: Awaited<ReturnType<typeof verifyDatabase>>): Promise<void> {
    const { ownEvents, clock, logger } = this.ports;
    const { size, faultCount } = result;
    const now = clock.now();
    const status = faultCount === 0 ? 'verified' : 'faulty';
    await ownEvents.transaction(async (em, append) => {
      const faults = [...result.faults];
      const done = { status, finishedAt: now, seenAt: now, checked: size, size, faultCount, faults } as const;
      await em.nativeUpdate(VerificationEntity, { id }, done);
      const data = { verificationId: id, size, faultCount };
      append({ spec: VerificationFinished, tenant: 'default', actor: 'service:audit', data });
    });
    if (faultCount > 0)
      logger.error({ id, faultCount, first: result.faults[0] }, 'the database is not what the log says');
  }
}
