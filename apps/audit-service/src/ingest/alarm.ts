import type { Position } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { insertRows, type Table } from '../store/bulk';

/**
 * Something is wrong with a source: entries are missing (`gap`), one was not written by the service it claims
 * (`forgery`), one is not an event (`malformed`), or the source ends before what was read of it (`regressed`).
 */
export interface Alarm {
  readonly kind: 'gap' | 'forgery' | 'malformed' | 'regressed';
  readonly source: string;
  /** The entry that showed it. */
  readonly at: Position;
  readonly detail: string;
}

const tableAt = (raisedAt: string): Table<Alarm> => ({
  name: 'ingest_alarms',
  columns: [
    { name: 'source', type: 'text', of: ({ source }) => source },
    { name: 'epoch', type: 'int8', of: ({ at }) => at.epoch },
    { name: 'position', type: 'int8', of: ({ at }) => at.position },
    { name: 'kind', type: 'text', of: ({ kind }) => kind },
    { name: 'detail', type: 'text', of: ({ detail }) => detail },
    { name: 'raised_at', type: 'timestamptz', of: () => raisedAt },
  ],
  onConflict: 'ON CONFLICT DO NOTHING',
});

/** Keeps alarms, each once. @param raisedAt RFC 3339 */
export const keepAlarms = (em: EntityManager, alarms: readonly Alarm[], raisedAt: string): Promise<void> =>
  insertRows(em, tableAt(raisedAt), alarms);
