import { queryRows } from '../store/bulk';
import type { Transaction } from '../store/statement';
import { type Sql, sql } from '../trail/first-rows';
import { countSql, sumColumns, type Sums } from './counters';
import { sketchIndexSql } from './delivery-sketch';
import { beginningsWithin, type Block, type Range, type Width, without } from './level';

/** How a window is counted: buckets that are summed up, and the ranges between them, whose messages are read. */
export interface Cover {
  readonly blocks: readonly Block[];
  readonly gaps: readonly Range[];
}

/**
 * Of whom the sums are: the tenant, named agents (messages that they sent or got), or the tenant (as agent '') and each of
 * its agents.
 */
export type Whose = 'tenant' | 'everybody' | { readonly agents: readonly string[] };

/** Buckets of one width that are summed up and that nothing has touched since. */
const cleanSql = `SELECT (extract(epoch FROM s.bucket) * 1000)::float8 AS bucket
  FROM unnest(?::timestamptz[], ?::timestamptz[]) AS g (lower, upper)
  JOIN message_statistics s ON s.tenant = ? AND s.width = ? AND s.agent = '' AND s.bucket >= g.lower AND s.bucket < g.upper
  WHERE NOT EXISTS (SELECT FROM statistics_marks d
    WHERE d.tenant = s.tenant AND d.width <= s.width
      AND d.bucket >= s.bucket AND d.bucket < s.bucket + s.width * interval '1 minute')
  ORDER BY s.bucket`;

const times = (ranges: readonly Range[]): [Date[], Date[]] => [
  ranges.map(({ lower }) => new Date(lower)),
  ranges.map(({ upper }) => new Date(upper)),
];

/** Covers a window with as few and wide buckets as there are. @param widths that may be used, the widest first */
export async function coverOf(
  em: Transaction,
  tenant: string,
  window: Range,
  widths: readonly Width[],
): Promise<Cover> {
  const blocks: Block[] = [];
  let gaps: readonly Range[] = [window];
  for (const width of widths) {
    const beginnings = beginningsWithin(width, gaps);
    if (beginnings.length === 0) continue;
    const values = [...times(beginnings), tenant, width];
    const clean = await queryRows<{ bucket: number }>(em, cleanSql, values);
    const found = clean.map(({ bucket }) => ({ width, bucket }));
    blocks.push(...found);
    gaps = without(gaps, found);
  }
  return { blocks, gaps };
}

// How long a delivery took, in whole milliseconds: clocks of two machines may say that it was over before it began.
const deliveryMs = `CASE WHEN m.delivered_at IS NOT NULL
  THEN GREATEST(0, round(date_part('epoch', m.delivered_at - m.timestamp) * 1000)) END`;
const facts = `m.from_agent, m.to_agent, m.status, m.message_type, m.priority, ${deliveryMs} AS ms`;

/**
 * The messages of each gap by an index that has them in the order of time. OFFSET 0 keeps the ranges in there: PostgreSQL
 * does not know how few messages they hold, and would read those of the whole tenant once and compare.
 */
const messagesInGaps = (where = 'true'): string => `gaps g JOIN LATERAL (
  SELECT from_agent, to_agent, status, message_type, priority, timestamp, delivered_at FROM message_audit_log
  WHERE tenant = t.name AND timestamp >= g.lower AND timestamp < g.upper AND ${where} OFFSET 0) m ON true`;

/** Messages in the gaps, once for each whose sums they belong to. */
const messagesSql = (whose: Whose): string => {
  if (whose === 'tenant') return `SELECT '' AS agent, ${facts} FROM t CROSS JOIN ${messagesInGaps()}`;
  if (whose === 'everybody')
    return `SELECT a.agent, ${facts} FROM t CROSS JOIN ${messagesInGaps()}
      CROSS JOIN LATERAL (VALUES (''), (NULLIF(m.from_agent, '')), (NULLIF(NULLIF(m.to_agent, ''), m.from_agent))) AS a (agent)
      WHERE a.agent IS NOT NULL`;
  const messagesOf = (where: string): string =>
    `SELECT n.agent, ${facts} FROM t CROSS JOIN names n CROSS JOIN ${messagesInGaps(where)}`;
  return `${messagesOf('from_agent = n.agent')}
    UNION ALL ${messagesOf('to_agent = n.agent AND from_agent <> n.agent')}`;
};

const ofWhom = (whose: Whose): string => {
  if (whose === 'tenant') return `AND s.agent = ''`;
  return whose === 'everybody' ? '' : 'AND s.agent IN (SELECT agent FROM names)';
};
const sums = sumColumns.map((column) => `sum(${column})::int8 AS ${column}`).join(', ');
const columns = sumColumns.join(', ');

/**
 * `summary`: a row per agent with the sums of a cover, its sketch as two arrays.
 * Parameters: tenant, names, blocks (widths, buckets), gaps (lower, upper).
 */
const summarySql = (whose: Whose): string => `
  t AS (SELECT ?::text AS name),
  names AS (SELECT unnest(?::text[]) AS agent),
  blocks AS (SELECT * FROM unnest(?::int2[], ?::timestamptz[]) AS b (width, bucket)),
  gaps AS (SELECT * FROM unnest(?::timestamptz[], ?::timestamptz[]) AS g (lower, upper)),
  summed AS (SELECT s.* FROM t, blocks b
    JOIN LATERAL (SELECT * FROM message_statistics s
      WHERE s.tenant = t.name AND s.width = b.width AND s.bucket = b.bucket ${ofWhom(whose)}) s ON true),
  messages AS (${messagesSql(whose)}),
  counted AS (SELECT agent, ${sketchIndexSql('ms')} AS index, count(ms) AS timed, sum(ms)::numeric AS delivery_ms, ${countSql}
    FROM messages GROUP BY 1, 2),
  sums AS (SELECT agent, ${sums}, COALESCE(sum(delivery_ms), 0) AS delivery_ms FROM (
      SELECT agent, ${columns}, delivery_ms FROM summed UNION ALL SELECT agent, ${columns}, delivery_ms FROM counted) a
    GROUP BY agent),
  points AS (SELECT agent, index, sum(timed) AS timed FROM (
      SELECT agent, u.index, u.timed FROM summed, unnest(sketch_indexes, sketch_counts) AS u (index, timed)
      UNION ALL SELECT agent, index, timed FROM counted WHERE timed > 0) p
    GROUP BY agent, index),
  sketches AS (SELECT agent, array_agg(index) AS indexes, array_agg(timed) AS counts FROM points GROUP BY agent),
  summary AS (SELECT sums.*, COALESCE(indexes, '{}')::int2[] AS sketch_indexes, COALESCE(counts, '{}')::int4[] AS sketch_counts
    FROM sums LEFT JOIN sketches USING (agent))`;

const parametersOf = (tenant: string, { blocks, gaps }: Cover, whose: Whose): unknown[] => [
  ...[tenant, typeof whose === 'object' ? [...whose.agents] : []],
  ...[blocks.map(({ width }) => width), blocks.map(({ bucket }) => new Date(bucket))],
  ...times(gaps),
];

/** Sums of a cover. Sums of several agents are added up. */
export interface Summary {
  readonly sums: Sums;
  readonly deliveryMs: number;
  readonly sketch: ReadonlyMap<number, number>;
}

type SummaryRow = Readonly<Record<string, string>> & {
  readonly sketch_indexes: number[];
  readonly sketch_counts: number[];
};

export const summaryQuery = (tenant: string, cover: Cover, whose: Whose): Sql =>
  sql(`WITH ${summarySql(whose)} SELECT * FROM summary`, ...parametersOf(tenant, cover, whose));

export async function readSummary(
  em: Transaction,
  tenant: string,
  cover: Cover,
  whose: 'tenant' | { readonly agents: readonly string[] },
): Promise<Summary> {
  const { text, values } = summaryQuery(tenant, cover, whose);
  const rows = await queryRows<SummaryRow>(em, text, values);
  const sumOf = (column: string): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
  const sketch = new Map<number, number>();
  for (const { sketch_indexes: indexes, sketch_counts: counts } of rows)
    indexes.forEach((index, i) => sketch.set(index, (sketch.get(index) ?? 0) + counts[i]!));
  return {
    sums: Object.fromEntries(sumColumns.map((column) => [column, sumOf(column)])),
    deliveryMs: sumOf('delivery_ms'),
    sketch,
  };
}

/** Stores the sums of a bucket that has none, made of a cover of it; nothing, when it holds no messages. */
export async function storeSummary(
  em: Transaction,
  { tenant, width, bucket }: Block & { readonly tenant: string },
  cover: Cover,
): Promise<void> {
  const insertion = `WITH ${summarySql('everybody')}
    INSERT INTO message_statistics (tenant, width, bucket, agent, ${columns}, delivery_ms, sketch_indexes, sketch_counts)
    SELECT ?, ?, ?, agent, ${columns}, delivery_ms, sketch_indexes, sketch_counts FROM summary`;
  await queryRows(em, insertion, [
    ...parametersOf(tenant, cover, 'everybody'),
    tenant,
    width,
    new Date(bucket),
  ]);
}

/** How many messages an agent sent or got. */
export interface AgentCount {
  readonly agent: string;
  readonly messages: number;
}

const topSql = (column: 'as_sender' | 'as_receiver', party: 'from_agent' | 'to_agent'): string => `WITH
  blocks AS (SELECT * FROM unnest(?::int2[], ?::timestamptz[]) AS b (width, bucket)),
  gaps AS (SELECT * FROM unnest(?::timestamptz[], ?::timestamptz[]) AS g (lower, upper)),
  t AS (SELECT ?::text AS name)
  SELECT agent, sum(messages)::float8 AS messages FROM (
    SELECT s.agent, s.${column} AS messages FROM t, blocks b
      JOIN LATERAL (SELECT * FROM message_statistics s
        WHERE s.tenant = t.name AND s.width = b.width AND s.bucket = b.bucket AND s.${column} > 0 AND s.agent <> '') s ON true
    UNION ALL SELECT m.${party}, count(*) FROM t CROSS JOIN ${messagesInGaps()}
      WHERE m.${party} <> '' GROUP BY m.${party}) a
  GROUP BY agent ORDER BY messages DESC, agent COLLATE "C" LIMIT ?`;

/** Who sent, or got, the most: of all agents, each with all of its messages. */
export function readTop(
  em: Transaction,
  tenant: string,
  { blocks, gaps }: Cover,
  side: 'senders' | 'receivers',
  limit: number,
): Promise<readonly AgentCount[]> {
  const text = side === 'senders' ? topSql('as_sender', 'from_agent') : topSql('as_receiver', 'to_agent');
  const values = [blocks.map(({ width }) => width), blocks.map(({ bucket }) => new Date(bucket))];
  return queryRows(em, text, [...values, ...times(gaps), tenant, limit]);
}
