import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cursors } from '../log/covered';
import { insertRows, type Table } from '../store/bulk';
import { SourceCursor, type SourceCursorRow } from './ingest-rows';

const table: Table<SourceCursorRow> = {
  name: 'source_cursors',
  columns: [
    { name: 'source', type: 'text', of: ({ source }) => source },
    { name: 'epoch', type: 'int8', of: ({ epoch }) => epoch },
    { name: 'position', type: 'int8', of: ({ position }) => position },
  ],
  onConflict: 'ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch, position = excluded.position',
};

/** Up to where every source is in the log. */
export async function readCursors(em: EntityManager): Promise<Cursors> {
  const rows = await em.find(SourceCursor, {});
  return new Map(rows.map(({ source, epoch, position }) => [source, { epoch, position }]));
}

export const writeCursors = (em: EntityManager, cursors: Cursors): Promise<void> =>
  insertRows(
    em,
    table,
    [...cursors].map(([source, at]) => ({ source, ...at })),
  );
