import type { RetainedPartition } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type DueStretch, dueStretches } from './due-stretches';
import { isHeld } from './legal-hold';
import { dueMs, keepOf } from './retention-class';
import { type RecordKind, recordKinds, recordTables, RetentionSetting } from './retention-rows';

/** What is over of the records of a tenant: those are kept as its events are. */
export async function dueStretchesOf(
  em: EntityManager,
  tenant: string,
  nowMs: number,
): Promise<DueStretch[]> {
  const settings = await em.find(
    RetentionSetting,
    { tenant, kind: 'events' },
    { orderBy: { since: 'asc' }, disableIdentityMap: true },
  );
  const history = settings.map(({ since, retentionClass }) => ({ sinceMs: since.getTime(), retentionClass }));
  return dueStretches(history, nowMs);
}

/** The same as PostgreSQL takes it. */
export const timeOf = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString() : '-infinity';

/** The records of a tenant that go with the next run, counted. */
export async function dueRecordsOf(
  em: EntityManager,
  tenant: string,
  nowMs: number,
): Promise<RetainedPartition[]> {
  const found: RetainedPartition[] = [];
  for (const stretch of await dueStretchesOf(em, tenant, nowMs))
    for (const kind of recordKinds) found.push(...(await countOf(em, tenant, kind, stretch)));
  return found;
}

/** One, or none when nothing of the tenant is in the stretch. */
async function countOf(
  em: EntityManager,
  tenant: string,
  kind: RecordKind,
  { retentionClass, fromMs, toMs }: DueStretch,
): Promise<RetainedPartition[]> {
  const { table, at, isOver } = recordTables[kind];
  const [counted] = await em.execute<
    Record<'all_rows' | 'held_rows' | 'bytes' | 'first_at', string | null>[]
  >(
    `SELECT count(*) AS all_rows, count(*) FILTER (WHERE ${isHeld(kind)}) AS held_rows,
       sum(pg_column_size(present.*)) AS bytes, to_json(min(${at})) #>> '{}' AS first_at
     FROM ${table} AS present WHERE tenant = ? AND ${at} >= ?::timestamptz AND ${at} < ?::timestamptz AND ${isOver}`,
    [tenant, timeOf(fromMs), timeOf(toMs)],
  );
  const [all, heldRows] = [Number(counted!.all_rows), Number(counted!.held_rows)];
  if (all === 0) return [];
  return [
    {
      ...{ kind, keep: keepOf(retentionClass), from: new Date(counted!.first_at!).toISOString() },
      ...{ to: timeOf(toMs), dropsAt: timeOf(dueMs(retentionClass, { fromMs, toMs })) },
      ...{ rows: all - heldRows, heldRows, bytes: Number(counted!.bytes) },
    },
  ];
}
