import type { CheckResult, Logger } from '@concordat/runtime';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { EventSealer } from '../leaf/event-sealer';
import type { AuditStore } from '../store/audit-store';
import { PendingErasure } from './erasure-rows';

const retryMs = 1_000;
/** Erasures in one look at the list. */
const batch = 500;

export interface ErasurePorts {
  readonly store: AuditStore;
  readonly sealer: Pick<EventSealer, 'forget'>;
  readonly logger: Logger;
}

/**
 * Carries erasures out: destroys the key of every subject whose erasure is in the log, after the commit that put it there
 * and again at start, since the process may have ended in between. An erasure is struck off the list only when its key is
 * gone, so that doing it twice is all that can happen.
 */
export class ErasureJob implements BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #failed = false;

  constructor(private readonly ports: ErasurePorts) {}

  /** Resolves when everything that is due was tried; what failed is tried again by itself, and `/health/ready` says so. */
  carryOut(): Promise<void> {
    return (this.#running = this.#running.then(() => this.#try()));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  check(): CheckResult {
    return this.#failed
      ? { ok: false, detail: 'keys of erased subjects are not destroyed yet' }
      : { ok: true, detail: 'nothing is due' };
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#destroyKeys();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.ports.logger.error({ error }, 'the keys of erased subjects could not be destroyed yet');
      if (!this.#isStopped) this.#timer = setTimeout(() => void this.carryOut(), retryMs);
    }
  }

  async #destroyKeys(): Promise<void> {
    const { store, sealer, logger } = this.ports;
    const list = () => store.read((em) => em.find(PendingErasure, {}, { limit: batch }));
    for (let pending = await list(); pending.length > 0; pending = await list()) {
      for (const { tenant, subject } of pending) {
        await sealer.forget(tenant, subject);
        await store.transaction((em) => em.nativeDelete(PendingErasure, { tenant, subject }));
        logger.info({ tenant }, 'a subject was erased from the audit log');
      }
    }
  }
}
