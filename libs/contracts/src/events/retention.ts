import { z } from 'zod';
import { timestamp } from '../names';
import { event } from './event';

const keep = z.union([z.literal(30), z.literal(90), z.literal(365), z.literal('forever')]);
const kind = z.enum(['events', 'messages']);
const count = z.number().int().nonnegative();
const holdId = z.string();

export const RetentionChanged = event({
  type: 'concordat.audit.retention.changed.v1',
  summary: 'How long events or messages of the tenant are kept that come after `since`.',
  data: z.strictObject({ kind, keep, since: timestamp }),
  subject: ({ kind: of }) => `retention:${of}`,
});

export const PartitionDropped = event({
  type: 'concordat.audit.partition.dropped.v1',
  summary: 'Rows of the tenant that were older than they are kept went. Their leaves stay in the log.',
  data: z.strictObject({
    kind,
    keep,
    from: timestamp,
    to: timestamp,
    rows: count,
    /** Of that time, that stayed since a legal hold is on them. */
    heldRows: count,
  }),
  subject: ({ kind: of }) => `retention:${of}`,
});

export const RecordsDropped = event({
  type: 'concordat.audit.records.dropped.v1',
  summary: 'Records of governance of the tenant went, recorded (or ended) from `from` on and before `to`.',
  data: z.strictObject({
    kind: z.enum(['governance', 'metrics', 'workflows']),
    keep,
    from: timestamp,
    to: timestamp,
    rows: count,
    /** Of that time, that stayed since a legal hold is on them. */
    heldRows: count,
  }),
  subject: ({ kind: of }) => `retention:${of}`,
});

export const HeldRowsDropped = event({
  type: 'concordat.audit.held-rows.dropped.v1',
  summary: 'Rows of the tenant went that only legal holds had kept which were released.',
  data: z.strictObject({ kind, rows: count }),
  subject: ({ kind: of }) => `retention:${of}`,
});

export const LegalHoldPlaced = event({
  type: 'concordat.audit.legal-hold.placed.v1',
  summary: 'A legal hold keeps what it covers until it is released.',
  data: z.strictObject({
    id: holdId,
    reason: z.string(),
    heldSubject: z.string().nullable(),
    correlationId: z.string().nullable(),
    from: timestamp.nullable(),
    to: timestamp.nullable(),
  }),
  subject: ({ id }) => `hold:${id}`,
});

export const LegalHoldReleased = event({
  type: 'concordat.audit.legal-hold.released.v1',
  summary: 'A legal hold keeps nothing any more.',
  data: z.strictObject({ id: holdId }),
  subject: ({ id }) => `hold:${id}`,
});
