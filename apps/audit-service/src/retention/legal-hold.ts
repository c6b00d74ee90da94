import { EntitySchema } from '@mikro-orm/postgresql';
import type { DataKind } from './retention-rows';

/** What must be kept, whatever its retention says, until the hold is released. */
export interface LegalHoldRow {
  tenant: string;
  id: string;
  reason: string;
  subject: string | null;
  correlationId: string | null;
  fromTime: Date | null;
  toTime: Date | null;
  createdAt: Date;
  createdBy: string;
  releasedAt: Date | null;
  releasedBy: string | null;
}

export const LegalHoldEntity = new EntitySchema<LegalHoldRow>({
  name: 'LegalHold',
  tableName: 'legal_holds',
  properties: {
    tenant: { type: 'text', primary: true },
    id: { type: 'text', primary: true },
    reason: { type: 'text' },
    subject: { type: 'text', nullable: true },
    correlationId: { type: 'text', nullable: true },
    fromTime: { type: 'datetime', nullable: true },
    toTime: { type: 'datetime', nullable: true },
    createdAt: { type: 'datetime' },
    createdBy: { type: 'text' },
    releasedAt: { type: 'datetime', nullable: true },
    releasedBy: { type: 'text', nullable: true },
  },
});

const covers: Readonly<Record<DataKind, { readonly subject: string; readonly time: string }>> = {
  events: {
    // Whom it is about, and who did it, or with whose right.
    subject: `(hold.subject IN (present.subject, present.actor)
      OR ARRAY[hold.subject, 'agent:' || hold.subject] && string_to_array(present.actor, ';for='))`,
    time: 'present.time',
  },
  messages: {
    subject: 'hold.subject IN (present.from_agent, present.to_agent)',
    time: 'COALESCE(present.timestamp, present.accepted_at)',
  },
};

/** SQL: an active hold covers the row `present`. */
export function isHeld(kind: DataKind): string {
  const { subject, time } = covers[kind];
  return `EXISTS (SELECT FROM legal_holds AS hold
    WHERE hold.tenant = present.tenant AND hold.released_at IS NULL
      AND (hold.subject IS NULL OR ${subject})
      AND (hold.correlation_id IS NULL OR hold.correlation_id = present.correlation_id)
      AND (hold.from_time IS NULL OR ${time} >= hold.from_time)
      AND (hold.to_time IS NULL OR ${time} < hold.to_time))`;
}
