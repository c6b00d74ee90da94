import type { EventEnvelope } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Sealed } from '../leaf/sealed-event';
import { traceIdOf } from '../leaf/event-text';
import { insertRows, type Table } from '../store/bulk';

/** An event at its place in the log. */
export interface LoggedEvent {
  readonly logIndex: number;
  readonly envelope: EventEnvelope;
  readonly body: Sealed;
  readonly loggedAt: string;
  readonly retentionClass: string;
}

const table: Table<LoggedEvent> = {
  name: 'audit_events',
  columns: [
    { name: 'tenant', type: 'text', of: ({ envelope }) => envelope.tenant },
    { name: 'log_index', type: 'int8', of: ({ logIndex }) => logIndex },
    { name: 'event_id', type: 'text', of: ({ envelope }) => envelope.id },
    { name: 'type', type: 'text', of: ({ envelope }) => envelope.type },
    { name: 'source', type: 'text', of: ({ envelope }) => envelope.source },
    { name: 'subject', type: 'text', of: ({ envelope }) => envelope.subject },
    { name: 'actor', type: 'text', of: ({ envelope }) => envelope.actor },
    { name: 'time', type: 'timestamptz', of: ({ envelope }) => envelope.time },
    { name: 'correlation_id', type: 'text', of: ({ envelope }) => envelope.correlation },
    { name: 'trace_id', type: 'text', of: ({ envelope }) => traceIdOf(envelope.traceparent) },
    { name: 'key_id', type: 'text', of: ({ body }) => body.keyId },
    { name: 'body', type: 'bytea', of: ({ body }) => body.box },
    { name: 'body_bytes', type: 'int4', of: ({ body }) => body.box.byteLength },
    { name: 'logged_at', type: 'timestamptz', of: ({ loggedAt }) => loggedAt },
    { name: 'retention_class', type: 'text', of: ({ retentionClass }) => retentionClass },
  ],
};

export const insertEvents = (em: EntityManager, events: readonly LoggedEvent[]): Promise<void> =>
  insertRows(em, table, events);
