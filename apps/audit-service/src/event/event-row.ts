import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

/** An event as it can be searched; what it says is encrypted. */
export interface EventRow {
  tenant: string;
  logIndex: number;
  eventId: string;
  type: string;
  source: string;
  subject: string;
  actor: string;
  time: Date;
  correlationId: string | null;
  traceId: string | null;
  keyId: string;
  /** Loaded on demand: a page holds no more of them than goes out. */
  body: Uint8Array;
  bodyBytes: number;
}

export const AuditEvent = new EntitySchema<EventRow>({
  name: 'AuditEvent',
  tableName: 'audit_events',
  properties: {
    tenant: { type: 'text', primary: true },
    logIndex: { type: new BigIntType('number'), primary: true },
    eventId: { type: 'text' },
    type: { type: 'text' },
    source: { type: 'text' },
    subject: { type: 'text' },
    actor: { type: 'text' },
    time: { type: 'datetime' },
    correlationId: { type: 'text', nullable: true },
    traceId: { type: 'text', nullable: true },
    keyId: { type: 'text' },
    body: { type: 'uint8array', lazy: true },
    bodyBytes: { type: 'integer' },
  },
});
