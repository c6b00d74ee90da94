import { erasureTypes, isErasure, namesOf, partiesOf } from '../erasure/erasure';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import { atOnce, readTenants } from './snapshot';

const sql =
  'SELECT DISTINCT type, source, subject FROM audit_events WHERE tenant = ? AND type = ANY(?::text[])';

/** Who was erased, as the orders in the log say; each of those is checked like all other events. */
export class Erased {
  readonly #names = new Set<string>();

  constructor(private readonly store: AuditStore) {}

  /** Reads the orders anew: one may have come since. */
  async read(): Promise<void> {
    const tenants = await atOnce(this.store, readTenants);
    for (const tenant of tenants) {
      const rows = await this.store.transaction((em) =>
        queryRows<{ type: string; source: string; subject: string }>(em, sql, [tenant, erasureTypes]),
      );
      for (const name of rows.filter(isErasure).flatMap(({ subject }) => namesOf(subject)))
        this.#names.add(`${tenant} ${name}`);
    }
  }

  /** @param subject of an event, which may be an act of two: with the key of one of them it is closed */
  has(tenant: string, subject: string): boolean {
    return partiesOf(subject).some((name) => this.#names.has(`${tenant} ${name}`));
  }
}
