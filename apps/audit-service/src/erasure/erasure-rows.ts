import type { EventEnvelope } from '@concordat/contracts';
import { EntitySchema, type EntityManager } from '@mikro-orm/postgresql';
import { insertRows, type Table } from '../store/bulk';
import { isErasure } from './erasure';

/** An erasure that is in the log, and whose key may still exist. */
export interface PendingErasureRow {
  tenant: string;
  subject: string;
}

export const PendingErasure = new EntitySchema<PendingErasureRow>({
  name: 'PendingErasure',
  tableName: 'pending_erasures',
  properties: {
    tenant: { type: 'text', primary: true },
    subject: { type: 'text', primary: true },
  },
});

const table: Table<PendingErasureRow> = {
  name: 'pending_erasures',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'subject', type: 'text', of: ({ subject }) => subject },
  ],
  onConflict: 'ON CONFLICT DO NOTHING',
};

/** Notes the erasures among new events, in the transaction that puts them into the log. */
export const noteErasures = (em: EntityManager, events: readonly EventEnvelope[]): Promise<void> =>
  insertRows(em, table, events.filter(isErasure));
