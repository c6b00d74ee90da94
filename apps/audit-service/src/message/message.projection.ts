import type { EntityManager } from '@mikro-orm/postgresql';
import type { Sealed } from '../leaf/event-sealer';
import { insertRows, type Table } from '../store/bulk';
import { foldChanges, type MessageChange, statusRank } from './message-change';

/** A change whose payload is encrypted. */
export type StoredChange = MessageChange<Sealed>;

/** The same sum as `mergeChanges`, with what the table knows on the left. */
const onConflict = `ON CONFLICT (tenant, message_id) DO UPDATE SET
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
  timestamp = COALESCE(present.timestamp, excluded.timestamp),
  delivered_at = COALESCE(present.delivered_at, excluded.delivered_at),
  retry_count = GREATEST(present.retry_count, excluded.retry_count),
  error_message = COALESCE(present.error_message, excluded.error_message)`;

const table: Table<StoredChange> = {
  name: 'message_audit_log',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'message_id', type: 'text', of: ({ messageId }) => messageId },
    { name: 'from_agent', type: 'text', of: ({ from }) => from },
    { name: 'to_agent', type: 'text', of: ({ to }) => to },
    { name: 'status', type: 'text', of: ({ status }) => status },
    { name: 'status_rank', type: 'int2', of: ({ status }) => statusRank[status] },
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
    { name: 'timestamp', type: 'timestamptz', of: ({ acceptance }) => acceptance?.timestamp ?? null },
    { name: 'delivered_at', type: 'timestamptz', of: ({ deliveredAt }) => deliveredAt },
    { name: 'retry_count', type: 'int4', of: ({ attempt }) => Math.max(0, attempt - 1) },
    { name: 'error_message', type: 'text', of: ({ error }) => error },
  ],
  onConflict,
};

/** Brings `message_audit_log` up to date, whatever order the changes come in. */
export const applyChanges = (em: EntityManager, changes: readonly StoredChange[]): Promise<void> =>
  insertRows(em, table, foldChanges(changes));
