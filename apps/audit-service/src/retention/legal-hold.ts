import { EntitySchema } from '@mikro-orm/postgresql';
import type { DataKind, RecordKind } from './retention-rows';

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

interface Covered {
  readonly subject: string;
  readonly begin: string;
  /** The begin, when it is left out. */
  readonly end?: string;
  /** Whether it may belong to a conversation. */
  readonly hasCorrelation?: false;
}

/** Who did it, or with whose right. */
const by = (column: string): string => `(hold.subject = present.${column}
  OR ARRAY[hold.subject, 'agent:' || hold.subject] && string_to_array(present.${column}, ';for='))`;
const aboutOrBy = `(hold.subject = present.subject OR ${by('actor')})`;

const covers: Readonly<Record<DataKind | RecordKind, Covered>> = {
  events: { subject: aboutOrBy, begin: 'present.time' },
  messages: {
    subject: 'hold.subject IN (present.from_agent, present.to_agent)',
    begin: 'COALESCE(present.timestamp, present.accepted_at)',
  },
  governance: { subject: aboutOrBy, begin: 'present.occurred_at' },
  metrics: { subject: aboutOrBy, begin: 'present.measured_at', hasCorrelation: false },
  workflows: {
    subject: `(${aboutOrBy} OR ${by('ended_by')})`,
    begin: 'present.started_at',
    end: 'present.ended_at',
  },
};

/** SQL: an active hold covers the row `present`. */
export function isHeld(kind: DataKind | RecordKind): string {
  const { subject, begin, end = begin, hasCorrelation = true } = covers[kind];
  const isOfTalk = hasCorrelation ? 'hold.correlation_id = present.correlation_id' : 'false';
  return `EXISTS (SELECT FROM legal_holds AS hold
    WHERE hold.tenant = present.tenant AND hold.released_at IS NULL
      AND (hold.subject IS NULL OR ${subject})
      AND (hold.correlation_id IS NULL OR ${isOfTalk})
      AND (hold.from_time IS NULL OR ${end} >= hold.from_time)
      AND (hold.to_time IS NULL OR ${begin} < hold.to_time))`;
}
