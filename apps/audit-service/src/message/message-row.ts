import { EntitySchema } from '@mikro-orm/postgresql';

/** A message and where it is in its life (AUD-1). */
export interface MessageRow {
  tenant: string;
  messageId: string;
  fromAgent: string;
  toAgent: string;
  /** null, like all that only the acceptance tells, while that event has not come */
  messageType: string | null;
  priority: string | null;
  status: string;
  correlationId: string | null;
  replyTo: string | null;
  /** Encrypted under the key of the sender. Loaded on demand: a page holds no more of them than goes out. */
  payload: Uint8Array | null;
  payloadKeyId: string | null;
  payloadBytes: number | null;
  timestamp: Date | null;
  deliveredAt: Date | null;
  ttlSeconds: number | null;
  retryCount: number;
  errorMessage: string | null;
}

export const AuditMessage = new EntitySchema<MessageRow>({
  name: 'AuditMessage',
  tableName: 'message_audit_log',
  properties: {
    tenant: { type: 'text', primary: true },
    messageId: { type: 'text', primary: true },
    fromAgent: { type: 'text' },
    toAgent: { type: 'text' },
    messageType: { type: 'text', nullable: true },
    priority: { type: 'text', nullable: true },
    status: { type: 'text' },
    correlationId: { type: 'text', nullable: true },
    replyTo: { type: 'text', nullable: true },
    payload: { type: 'uint8array', nullable: true, lazy: true },
    payloadKeyId: { type: 'text', nullable: true },
    payloadBytes: { type: 'integer', nullable: true },
    timestamp: { type: 'datetime', nullable: true },
    deliveredAt: { type: 'datetime', nullable: true },
    ttlSeconds: { type: 'integer', nullable: true },
    retryCount: { type: 'integer' },
    errorMessage: { type: 'text', nullable: true },
  },
});
