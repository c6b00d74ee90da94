import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';

export interface MessageKey {
  readonly tenant: string;
  readonly messageId: string;
}

/** A row of `message_audit_log`; times in microseconds since 1970. */
export interface StoredMessage extends MessageKey {
  readonly fromAgent: string;
  readonly toAgent: string;
  readonly messageType: string | null;
  readonly priority: string | null;
  readonly status: string;
  readonly statusRank: number;
  readonly correlationId: string | null;
  readonly replyTo: string | null;
  readonly payload: Uint8Array | null;
  readonly payloadKeyId: string | null;
  readonly payloadBytes: number | null;
  readonly timestampUs: bigint | null;
  readonly deliveredUs: bigint | null;
  readonly ttlSeconds: number | null;
  readonly retryCount: number;
  readonly errorMessage: string | null;
}

const pageRows = 256;
const pageBytes = 4_194_304;

const columns = `tenant, message_id, from_agent, to_agent, message_type, priority, status, status_rank,
  correlation_id, reply_to, payload, payload_key_id, payload_bytes, ttl_seconds, retry_count, error_message,
  (extract(epoch FROM timestamp) * 1000000)::int8 AS timestamp_us,
  (extract(epoch FROM delivered_at) * 1000000)::int8 AS delivered_us`;

const pageSql = `
  SELECT ${columns} FROM (
    SELECT m.*, row_number() OVER w AS nth, sum(octet_length(m.payload)) OVER w AS bytes_so_far
    FROM (SELECT * FROM message_audit_log WHERE (tenant, message_id) > (?, ?)
      ORDER BY tenant, message_id LIMIT ${pageRows}) m
    WINDOW w AS (ORDER BY m.tenant, m.message_id ROWS UNBOUNDED PRECEDING)) p
  WHERE nth = 1 OR coalesce(bytes_so_far, 0) <= ${pageBytes}
  ORDER BY tenant, message_id`;

type Raw = Readonly<Record<string, string | number | null>> & { payload: Uint8Array | null };

/** All messages. Memory is that of one page. */
export async function* messagePages(store: AuditStore): AsyncGenerator<StoredMessage[]> {
  let after = ['', ''];
  for (;;) {
    const rows = await store.transaction((em) => queryRows<Raw>(em, pageSql, after));
    if (rows.length === 0) return;
    const page = rows.map(toMessage);
    yield page;
    const last = page.at(-1)!;
    after = [last.tenant, last.messageId];
  }
}

/** Those of the messages that there are. */
export async function messagesNamed(
  em: EntityManager,
  keys: readonly MessageKey[],
): Promise<StoredMessage[]> {
  const sql = `SELECT ${columns} FROM message_audit_log
    WHERE (tenant, message_id) IN (SELECT * FROM unnest(?::text[], ?::text[]))`;
  const names = [keys.map(({ tenant }) => tenant), keys.map(({ messageId }) => messageId)];
  return (await queryRows<Raw>(em, sql, names)).map(toMessage);
}

const text = (value: string | number | null | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
const number = (value: string | number | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);
const micros = (value: string | number | null | undefined): bigint | null =>
  value === null || value === undefined ? null : BigInt(value);

const toMessage = (row: Raw): StoredMessage => ({
  tenant: String(row['tenant']),
  messageId: String(row['message_id']),
  fromAgent: String(row['from_agent']),
  toAgent: String(row['to_agent']),
  messageType: text(row['message_type']),
  priority: text(row['priority']),
  status: String(row['status']),
  statusRank: Number(row['status_rank']),
  correlationId: text(row['correlation_id']),
  replyTo: text(row['reply_to']),
  payload: row.payload,
  payloadKeyId: text(row['payload_key_id']),
  payloadBytes: number(row['payload_bytes']),
  timestampUs: micros(row['timestamp_us']),
  deliveredUs: micros(row['delivered_us']),
  ttlSeconds: number(row['ttl_seconds']),
  retryCount: Number(row['retry_count']),
  errorMessage: text(row['error_message']),
});
