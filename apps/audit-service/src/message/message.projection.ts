import type { EntityManager } from '@mikro-orm/postgresql';
import type { Sealed } from '../leaf/sealed-event';
import { markChanged } from '../statistics/marks';
import { insertRows, type Table } from '../store/bulk';
import type { Layout } from '../retention/layout';
import { foldChanges, type MessageChange, rankOf } from './message-change';
import { type Place, placeChanges } from './message-place';

/** A change whose payload is encrypted. */
export type StoredChange = MessageChange<StoredPayload>;

export interface StoredPayload extends Sealed {
  /** JSON object of what stands in clear beside it. */
  readonly labels?: string;
}

/** The same sum as `mergeChanges`, with what the table knows on the left. */
const onConflict = `ON CONFLICT (tenant, message_id, retention_class, accepted_at) DO UPDATE SET
  status = CASE WHEN excluded.status_rank > present.status_rank THEN excluded.status ELSE present.status END,
  status_rank = GREATEST(present.status_rank, excluded.status_rank),
  message_type = COALESCE(present.message_type, excluded.message_type),
  priority = COALESCE(present.priority, excluded.priority),
  correlation_id = COALESCE(present.correlation_id, excluded.correlation_id),
  reply_to = COALESCE(present.reply_to, excluded.reply_to),
  ttl_seconds = COALESCE(present.ttl_seconds, excluded.ttl_seconds),
  payload = COALESCE(present.payload, excluded.payload),
  payload_key_id = COALESCE(present.payload_key_id, excluded.payload_key_id),
  payload_bytes = COALESCE(present.payload_bytes, excluded.payload_bytes),
  labels = COALESCE(present.labels, excluded.labels),
  timestamp = COALESCE(present.timestamp, excluded.timestamp),
  delivered_at = LEAST(present.delivered_at, excluded.delivered_at),
  to_agent = CASE WHEN excluded.timestamp IS NULL THEN present.to_agent ELSE excluded.to_agent END,
  retry_count = GREATEST(present.retry_count, excluded.retry_count),
  error_message = CASE
    WHEN excluded.status_rank > present.status_rank THEN excluded.error_message
    WHEN excluded.status_rank = present.status_rank
      THEN LEAST(present.error_message COLLATE "C", excluded.error_message COLLATE "C")
    ELSE present.error_message END`;

const table: Table<StoredChange & Place> = {
  name: 'message_audit_log',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'message_id', type: 'text', of: ({ messageId }) => messageId },
    { name: 'from_agent', type: 'text', of: ({ from }) => from },
    { name: 'to_agent', type: 'text', of: ({ to }) => to },
    { name: 'status', type: 'text', of: ({ status }) => status },
    { name: 'status_rank', type: 'int2', of: rankOf },
    { name: 'message_type', type: 'text', of: ({ acceptance }) => acceptance?.type ?? null },
    { name: 'priority', type: 'text', of: ({ acceptance }) => acceptance?.priority ?? null },
    { name: 'correlation_id', type: 'text', of: ({ acceptance }) => acceptance?.correlationId ?? null },
    { name: 'reply_to', type: 'text', of: ({ acceptance }) => acceptance?.replyTo ?? null },
    { name: 'ttl_seconds', type: 'int4', of: ({ acceptance }) => acceptance?.ttlSeconds ?? null },
    { name: 'payload', type: 'bytea', of: ({ acceptance }) => acceptance?.payload.box ?? null },
    { name: 'payload_key_id', type: 'text', of: ({ acceptance }) => acceptance?.payload.keyId ?? null },
    {
      name: 'payload_bytes',
      type: 'int4',
      of: ({ acceptance }) => acceptance?.payload.box.byteLength ?? null,
    },
    { name: 'labels', type: 'jsonb', of: ({ acceptance }) => acceptance?.payload.labels ?? null },
    { name: 'timestamp', type: 'timestamptz', of: ({ acceptance }) => acceptance?.timestamp ?? null },
    { name: 'delivered_at', type: 'timestamptz', of: ({ deliveredAt }) => deliveredAt },
    { name: 'retry_count', type: 'int4', of: ({ attempt }) => Math.max(0, attempt - 1) },
    { name: 'error_message', type: 'text', of: ({ error }) => error },
    { name: 'retention_class', type: 'text', of: ({ retentionClass }) => retentionClass },
    { name: 'accepted_at', type: 'timestamptz', of: ({ acceptedAt }) => acceptedAt },
  ],
  onConflict,
  following: markChanged,
};

/** Brings `message_audit_log` up to date, whatever order the changes come in. */
export async function applyChanges(
  em: EntityManager,
  changes: readonly StoredChange[],
  layout: Layout,
  loggedMs: number,
): Promise<void> {
  await insertRows(em, table, await placeChanges(em, foldChanges(changes), layout, loggedMs));
}
