import { signErasureReceipt } from '@concordat/crypto';
import type { CheckResult, Clock, Logger } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { forgetBehaviour } from '../anomaly/behaviour-store';
import type { EventSealer } from '../leaf/event-sealer';
import type { LogIdentity } from '../log/log-identity';
import { LogState } from '../log/log-rows';
import type { AuditStore } from '../store/audit-store';
import { Erasure, type ErasureRow } from './erasure-rows';
import { holdOn } from './legal-hold';
import { sealedNames, sealingKeys } from './sealing-keys';

const retryMs = 1_000;
/** What waits for a legal hold is looked at again. */
const heldMs = 60_000;
/** Erasures that may fail before the rest waits for the next try. */
const failuresLimit = 3;
/** Erasures in one look at the list. */
const batch = 500;

export interface ErasurePorts {
  readonly store: AuditStore;
  readonly sealer: Pick<EventSealer, 'forget' | 'find'>;
  readonly identity: LogIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Carries erasures out: destroys the keys of every subject whose erasure is in the log, after the commit that put it there
 * and again at start, since the process may have ended in between. An erasure is signed for only when its keys are gone,
 * so that doing it twice is all that can happen. Under a legal hold it waits.
 */
export class ErasureJob implements BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #failed = false;
  #held = 0;

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
    if (this.#failed) return { ok: false, detail: 'keys of erased subjects are not destroyed yet' };
    const detail = this.#held > 0 ? `${this.#held} wait for a legal hold to be lifted` : 'nothing is due';
    return { ok: true, detail };
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#held = await this.#eraseAll();
      this.#failed = false;
      if (this.#held > 0) this.#again(heldMs);
    } catch (error) {
      this.#failed = true;
      this.ports.logger.error({ error }, 'the keys of erased subjects could not be destroyed yet');
      this.#again(retryMs);
    }
  }

  #again(ms: number): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.carryOut(), ms).unref();
  }

  /** @returns how many wait for a hold */
  async #eraseAll(): Promise<number> {
    let held = 0;
    const failures: unknown[] = [];
    for (let after = ''; ;) {
      const pending = await this.#pendingAfter(after);
      for (const row of pending) {
        // One that fails does not keep the others waiting; when several do, it is the database.
        const isDone = await this.#eraseUnlessHeld(row).catch((error: unknown) => void failures.push(error));
        if (failures.length >= failuresLimit) throw failures[0];
        if (isDone === false) held++;
      }
      if (pending.length < batch) break;
      after = pending.at(-1)!.orderedBy;
    }
    if (failures.length > 0) throw failures[0];
    return held;
  }

  #pendingAfter(orderedBy: string): Promise<ErasureRow[]> {
    const where = { erasedAt: null, orderedBy: { $gt: orderedBy } };
    return this.ports.store.read((em) =>
      em.find(Erasure, where, { orderBy: { orderedBy: 'asc' }, limit: batch }),
    );
  }

  /** @returns false when a hold keeps it */
  async #eraseUnlessHeld({ tenant, orderedBy, subject, keys: noted }: ErasureRow): Promise<boolean> {
    const { store, clock, logger } = this.ports;
    const names = await store.work((em) => sealedNames(em, tenant, subject));
    if (await store.work((em) => holdOn(em, tenant, names))) return false;
    // Written down before they go: afterwards nobody could say which they were.
    const keys = noted ?? (await this.#noteKeys(tenant, orderedBy, names));
    if (!(await this.#forget(tenant, names))) return false;
    const erasedAt = clock.now();
    await store.work(async (em) => {
      await forgetClear(em, tenant, subject);
      const receipt = await this.#receipt(em, { tenant, orderedBy, subject, keys, erasedAt });
      await em.nativeUpdate(Erasure, { tenant, orderedBy }, { erasedAt, receipt });
    });
    logger.info({ tenant }, 'a subject was erased from the audit log');
    return true;
  }

  /** Destroys keys, unless a hold came meanwhile; none can come while they go. */
  async #forget(tenant: string, names: readonly string[]): Promise<boolean> {
    const { store, sealer } = this.ports;
    return store.work(async (em) => {
      await em.execute('LOCK TABLE legal_holds IN SHARE MODE');
      if (await holdOn(em, tenant, names)) return false;
      for (const name of names) await sealer.forget(tenant, name);
      return true;
    });
  }

  async #noteKeys(tenant: string, orderedBy: string, names: readonly string[]): Promise<string[]> {
    const { store, sealer } = this.ports;
    return store.transaction(async (em) => {
      const keys: string[] = [];
      for (const kid of await sealingKeys(em, tenant, names))
        if (await sealer.find(tenant, kid)) keys.push(kid);
      await em.nativeUpdate(Erasure, { tenant, orderedBy }, { keys });
      return keys;
    });
  }

  async #receipt(
    em: EntityManager,
    {
      erasedAt,
      ...facts
    }: Pick<ErasureRow, 'tenant' | 'orderedBy' | 'subject'> & { keys: string[]; erasedAt: Date },
  ): Promise<string> {
    const { identity } = this.ports;
    const { size: logSize, root } = await em.findOneOrFail(LogState, { id: 1 });
    const receipt = { ...facts, log: identity.origin, erasedAt: erasedAt.toISOString(), logSize, root };
    // The service makes no backups of the keys of the audit log (ADR 44).
    return signErasureReceipt({ ...receipt, recoverableUntil: null }, identity.signer);
  }
}

/** What stands in clear in tables and is not needed to find an event: how it behaved, why its messages failed, and their labels. */
async function forgetClear(em: EntityManager, tenant: string, subject: string): Promise<void> {
  await forgetBehaviour(em, { tenant, agent: subject });
  await em.execute(
    `UPDATE message_audit_log SET error_message = NULL, labels = NULL
     WHERE tenant = ? AND from_agent = ? AND (error_message IS NOT NULL OR labels IS NOT NULL)`,
    [tenant, subject],
  );
  // Why a message failed is told by whom it was sent to.
  await em.execute(
    `UPDATE message_audit_log SET error_message = NULL
     WHERE tenant = ? AND to_agent = ? AND error_message IS NOT NULL`,
    [tenant, subject],
  );
}
