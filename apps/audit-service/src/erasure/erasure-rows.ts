import type { EventEnvelope } from '@concordat/contracts';
import { EntitySchema, type EntityManager } from '@mikro-orm/postgresql';
import { insertRows, type Table } from '../store/bulk';
import { isErasure } from './erasure';

/** An erasure that is in the log. */
export interface ErasureRow {
  tenant: string;
  /** Id of the event. */
  orderedBy: string;
  subject: string;
  requestedAt: Date;
  /** The keys that are to be destroyed, written down before they are; null: not looked for yet */
  keys: string[] | null;
  /** null: its keys may still exist */
  erasedAt: Date | null;
  /** Signed note */
  receipt: string | null;
}

export const Erasure = new EntitySchema<ErasureRow>({
  name: 'Erasure',
  tableName: 'erasures',
  properties: {
    tenant: { type: 'text', primary: true },
    orderedBy: { type: 'text', primary: true },
    subject: { type: 'text' },
    requestedAt: { type: 'datetime' },
    keys: { type: 'array', nullable: true },
    erasedAt: { type: 'datetime', nullable: true },
    receipt: { type: 'text', nullable: true },
  },
});

const table: Table<EventEnvelope> = {
  name: 'erasures',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'ordered_by', type: 'text', of: ({ id }) => id },
    { name: 'subject', type: 'text', of: ({ subject }) => subject },
    { name: 'requested_at', type: 'timestamptz', of: ({ time }) => time },
  ],
  onConflict: 'ON CONFLICT DO NOTHING',
};

/** Notes the erasures among new events, in the transaction that puts them into the log. */
export const noteErasures = (em: EntityManager, events: readonly EventEnvelope[]): Promise<void> =>
  insertRows(em, table, events.filter(isErasure));
