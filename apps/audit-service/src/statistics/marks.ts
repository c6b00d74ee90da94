import type { EntityManager } from '@mikro-orm/postgresql';
import { queryRows } from '../store/bulk';
import type { Transaction } from '../store/statement';
import type { Block, Width } from './level';

/** Buckets begin where whole minutes since this do, whatever the time zone of the session. */
export const origin = `timestamptz '2000-01-01 00:00:00Z'`;
export const binSql = (width: Width, time: string): string =>
  `date_bin('${width} minutes', ${time}, ${origin})`;

/**
 * Marks the minutes of messages that are `written` as not summed up yet. It goes with the statement that writes them, so
 * that whoever sees a message sees its mark or sums that know it.
 */
export const markChanged = {
  returning: 'present.tenant, present.timestamp',
  sql: `INSERT INTO statistics_marks (tenant, width, bucket)
    SELECT DISTINCT tenant, 1, ${binSql(1, 'timestamp')} FROM written WHERE timestamp IS NOT NULL`,
} as const;

/** A bucket of a tenant. */
export interface TenantBlock extends Block {
  readonly tenant: string;
}

/** When a marked bucket is summed up. */
export interface Patience {
  /** after so many milliseconds without a new mark */
  readonly quietMs: number;
  /** or when its first mark is so old */
  readonly longestMs: number;
}

/** Buckets whose marks are due, those that waited longest first. */
export async function dueBlocks(
  em: Transaction,
  width: Width,
  { quietMs, longestMs }: Patience,
  limit: number,
): Promise<readonly TenantBlock[]> {
  const sql = `SELECT tenant, (extract(epoch FROM bucket) * 1000)::float8 AS bucket
    FROM statistics_marks WHERE width = ? GROUP BY tenant, bucket
    HAVING max(marked_at) <= now() - ? * interval '1 ms' OR min(marked_at) <= now() - ? * interval '1 ms'
    ORDER BY min(id) LIMIT ?`;
  const rows = await queryRows<Omit<TenantBlock, 'width'>>(em, sql, [width, quietMs, longestMs, limit]);
  return rows.map(({ tenant, bucket }) => ({ tenant, width, bucket }));
}

/** Tenants, widths and beginnings, as parameters of `blocksSql`. */
const columnsOf = (blocks: readonly TenantBlock[]): unknown[] => [
  blocks.map(({ tenant }) => tenant),
  blocks.map(({ width }) => width),
  blocks.map(({ bucket }) => new Date(bucket)),
];
const blocksSql = 'unnest(?::text[], ?::int2[], ?::timestamptz[]) AS b (tenant, width, bucket)';
const isSame = (alias: string): string =>
  `${alias}.tenant = b.tenant AND ${alias}.width = b.width AND ${alias}.bucket = b.bucket`;

/** Takes all marks of buckets that are visible. Those of a transaction that is under way stay. */
export async function takeMarks(em: EntityManager, blocks: readonly TenantBlock[]): Promise<void> {
  const sql = `DELETE FROM statistics_marks d USING ${blocksSql} WHERE ${isSame('d')}`;
  await queryRows(em, sql, columnsOf(blocks));
}

/** Takes the sums of buckets, which are then read from what is narrower. */
export async function takeSums(em: EntityManager, blocks: readonly TenantBlock[]): Promise<void> {
  const sql = `DELETE FROM message_statistics s USING ${blocksSql} WHERE ${isSame('s')}`;
  await queryRows(em, sql, columnsOf(blocks));
}

export async function setMarks(em: EntityManager, blocks: readonly TenantBlock[]): Promise<void> {
  const sql = `INSERT INTO statistics_marks (tenant, width, bucket) SELECT DISTINCT * FROM ${blocksSql}`;
  await queryRows(em, sql, columnsOf(blocks));
}

/** Those of the buckets that hold at least so many messages. */
export async function fullBlocks(
  em: EntityManager,
  blocks: readonly TenantBlock[],
  fewest: number,
): Promise<readonly TenantBlock[]> {
  const sql = `SELECT i::int4 - 1 AS place FROM unnest(?::text[], ?::int2[], ?::timestamptz[])
      WITH ORDINALITY AS b (tenant, width, bucket, i)
    JOIN LATERAL (SELECT count(*) AS messages FROM message_audit_log m
      WHERE m.tenant = b.tenant AND m.timestamp >= b.bucket
        AND m.timestamp < b.bucket + b.width * interval '1 minute') m ON messages >= ?`;
  const rows = await queryRows<{ place: number }>(em, sql, [...columnsOf(blocks), fewest]);
  return rows.map(({ place }) => blocks[place]!);
}

/** A day of a tenant, by its beginning. */
export type TenantDay = Pick<TenantBlock, 'tenant' | 'bucket'>;

/** The days that the messages of a table are of. @param table a partition, or the whole */
export function daysOf(em: EntityManager, table: string): Promise<readonly TenantDay[]> {
  const sql = `SELECT DISTINCT tenant, (extract(epoch FROM ${binSql(1_440, 'timestamp')}) * 1000)::float8 AS bucket
    FROM ${table} WHERE timestamp IS NOT NULL`;
  return queryRows(em, sql);
}

/** Marks all sums of days, for whoever takes messages away: they are made anew of what is left. */
export async function markDays(em: EntityManager, days: readonly TenantDay[]): Promise<void> {
  const sql = `INSERT INTO statistics_marks (tenant, width, bucket)
    SELECT s.tenant, s.width, s.bucket FROM unnest(?::text[], ?::timestamptz[]) AS d (tenant, day)
    JOIN message_statistics s ON s.tenant = d.tenant AND s.agent = ''
      AND s.bucket >= d.day AND s.bucket < d.day + interval '24 hours'`;
  const values = [days.map(({ tenant }) => tenant), days.map(({ bucket }) => new Date(bucket))];
  await queryRows(em, sql, values);
}

/** Marks the minutes of messages that are `gone`, in the statement that deletes them: a CTE of it. */
export const markGone = `marked AS (INSERT INTO statistics_marks (tenant, width, bucket)
  SELECT DISTINCT tenant, 1, ${binSql(1, 'timestamp')} FROM gone WHERE timestamp IS NOT NULL)`;
