import type { EntityManager, EntitySchema, FilterQuery } from '@mikro-orm/postgresql';
import { z } from 'zod';
import type { AuditStore } from '../store/audit-store';
import { type Cut, cutPage, readCursor, writeCursor } from '../trail/page';
import type { Reach } from '../trail/trail';
import { type GovernanceRow, WorkflowExecution, type WorkflowRow } from './record-rows';
import { within } from './record';

/** A table in the order of its time. */
export interface DatedTable<Row extends GovernanceRow> {
  readonly entity: EntitySchema<Row>;
  readonly time: keyof Row & string;
  bytesOf(row: Row): number;
}

export interface Wanted {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const placeSchema = z.strictObject({ at: z.iso.datetime(), id: z.string().max(64) });

/** Queries on records of governance. Every one is bound to what its reader may see. */
export class RecordQueries {
  constructor(private readonly store: AuditStore) {}

  /** Newest first. @param filter columns and what they have to be; undefined: anything */
  async page<Row extends GovernanceRow>(
    { entity, time, bytesOf }: DatedTable<Row>,
    reach: Reach,
    filter: Readonly<Record<string, string | undefined>>,
    { from, to, limit, cursor }: Wanted,
  ): Promise<Cut<Row> & { readonly nextCursor: string | null }> {
    const place = cursor === undefined ? undefined : readCursor(placeSchema, cursor);
    const set = Object.entries(filter).filter(([, value]) => value !== undefined);
    const where = {
      $and: [
        within(reach),
        Object.fromEntries(set),
        ...(from === undefined ? [] : [{ [time]: { $gte: new Date(from) } }]),
        ...(to === undefined ? [] : [{ [time]: { $lt: new Date(to) } }]),
        ...(place ? before(time, new Date(place.at), place.id) : []),
      ],
    } as unknown as FilterQuery<Row>;
    const orderBy = [{ [time]: 'desc' }, { id: 'desc' }] as never;
    const rows = await this.store.read((em) => em.find(entity, where, { orderBy, limit: limit + 1 }));
    const page = cutPage(rows as Row[], limit, bytesOf);
    const last = page.rows.at(-1);
    const nextCursor =
      page.isLast || !last ? null : writeCursor({ at: (last[time] as Date).toISOString(), id: last.id });
    return { ...page, nextCursor };
  }

  /** @returns undefined also when there is one that the reader may not see */
  async workflow(reach: Reach, id: string): Promise<WorkflowRow | undefined> {
    const row = await this.store.read((em) => em.findOne(WorkflowExecution, { ...within(reach), id }));
    return row ?? undefined;
  }

  /** @param sql with one `?`, the tenant */
  view(sql: string, tenant: string): Promise<Record<string, unknown>[]> {
    return this.store.read((em: EntityManager) => em.getConnection().execute(sql, [tenant]));
  }
}

/** The first condition alone is a range of the index; the second decides between records of one millisecond. */
const before = (time: string, at: Date, id: string): object[] => [
  { [time]: { $lte: at } },
  { $or: [{ [time]: { $lt: at } }, { [time]: at, id: { $lt: id } }] },
];
