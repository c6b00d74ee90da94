import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';

/** A row of `audit_events` beside its leaf. */
export interface StoredEvent {
  readonly tenant: string;
  readonly logIndex: number;
  readonly eventId: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly actor: string;
  /** microseconds since 1970 */
  readonly timeUs: bigint;
  readonly correlationId: string | null;
  readonly traceId: string | null;
  readonly keyId: string;
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  /** null when the log has no such entry */
  readonly leaf: Uint8Array | null;
}

export interface EventRange {
  readonly tenant: string;
  /** Log indices: from the first, up to but without the second. */
  readonly from: number;
  readonly to: number;
  /** Of these types only. */
  readonly types?: readonly string[];
}

const pageRows = 256;
const pageBytes = 4_194_304;

/** Pages are bounded in rows and in bytes, and the first row of one always comes. */
const pageSql = (withTypes: boolean): string => `
  SELECT p.tenant, p.log_index, p.event_id, p.type, p.source, p.subject, p.actor,
    (extract(epoch FROM p.time) * 1000000)::int8 AS time_us,
    p.correlation_id, p.trace_id, p.key_id, p.body, p.body_bytes, l.leaf
  FROM (
    SELECT e.*, row_number() OVER w AS nth, sum(octet_length(e.body)) OVER w AS bytes_so_far
    FROM (
      SELECT * FROM audit_events WHERE tenant = ? AND log_index >= ? AND log_index < ?
        ${withTypes ? 'AND type = ANY(?::text[])' : ''}
      ORDER BY log_index LIMIT ${pageRows}) e
    WINDOW w AS (ORDER BY e.log_index ROWS UNBOUNDED PRECEDING)) p
  LEFT JOIN log_entries l ON l.leaf_index = p.log_index
  WHERE p.nth = 1 OR p.bytes_so_far <= ${pageBytes}
  ORDER BY p.log_index`;

type Raw = Readonly<Record<string, string>> & { body: Uint8Array; leaf: Uint8Array | null };

/** Rows of a tenant in the order of the log. Memory is that of one page. */
export async function* eventPages(store: AuditStore, range: EventRange): AsyncGenerator<StoredEvent[]> {
  const { tenant, to, types } = range;
  let { from } = range;
  while (from < to) {
    const values = [tenant, from, to, ...(types ? [types] : [])];
    const rows = await store.transaction((em) => queryRows<Raw>(em, pageSql(types !== undefined), values));
    if (rows.length === 0) return;
    yield rows.map(toEvent);
    from = Number(rows.at(-1)!['log_index']) + 1;
  }
}

const toEvent = (row: Raw): StoredEvent => ({
  tenant: row['tenant']!,
  logIndex: Number(row['log_index']),
  eventId: row['event_id']!,
  type: row['type']!,
  source: row['source']!,
  subject: row['subject']!,
  actor: row['actor']!,
  timeUs: BigInt(row['time_us']!),
  correlationId: row['correlation_id'] ?? null,
  traceId: row['trace_id'] ?? null,
  keyId: row['key_id']!,
  body: row.body,
  bodyBytes: Number(row['body_bytes']),
  leaf: row.leaf,
});

/** How many rows a tenant has in a range: more than there are leaves are found by it. */
export async function countEvents(store: AuditStore, { tenant, from, to }: EventRange): Promise<number> {
  const sql =
    'SELECT count(*) AS count FROM audit_events WHERE tenant = ? AND log_index >= ? AND log_index < ?';
  const rows = await store.transaction((em) => queryRows<{ count: string }>(em, sql, [tenant, from, to]));
  return Number(rows[0]!.count);
}

/** Microseconds since 1970, as PostgreSQL keeps a time. @param time RFC 3339 in UTC */
export function microseconds(time: string): bigint {
  const [, seconds = '', fraction = ''] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  const six = BigInt(fraction.padEnd(7, '0').slice(0, 7));
  // PostgreSQL rounds what is finer.
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000n + (six + 5n) / 10n;
}
