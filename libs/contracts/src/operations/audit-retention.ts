import { z } from 'zod';
import { correlationId, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

/** Days, or for ever. */
const keep = z.union([z.literal(30), z.literal(90), z.literal(365), z.literal('forever')]);
const count = z.number().int().nonnegative();
/** What is kept apart, and the records of governance, which are kept as events are. */
const kind = z.enum(['events', 'messages', 'governance', 'metrics', 'workflows']);

const kept = z.strictObject({
  keep,
  /** What came after it is kept like this; null while nothing was set, and the default counts. */
  since: timestamp.nullable(),
});

/** Rows of the tenant that go together. */
export const retainedPartition = z.strictObject({
  kind,
  keep,
  from: timestamp,
  to: timestamp,
  /** From when on it goes, with the next run. */
  dropsAt: timestamp,
  /** That go with it. */
  rows: count,
  /** That stay, since a legal hold is on them. */
  heldRows: count,
  /** On disk, about. */
  bytes: count,
});
export type RetainedPartition = z.infer<typeof retainedPartition>;

const retention = z.strictObject({
  events: kept,
  messages: kept,
  /** What goes with the next run, and what goes first after that. */
  partitions: z.array(retainedPartition),
});

const subject = z.string().min(1).max(256);
const holdId = z.string().regex(/^hold_[0-9a-f]{32}$/, 'must be hold_ and 32 of 0–9 and a–f');
const covered = {
  /** An agent by its DID, or any other subject or actor, as events name it. */
  subject: subject.optional(),
  correlationId: correlationId.optional(),
  /** Of events and messages not before this time, */
  from: timestamp.optional(),
  /** and before this one. */
  to: timestamp.optional(),
};

const legalHold = z.strictObject({
  id: holdId,
  reason: z.string(),
  subject: z.string().nullable(),
  correlationId: z.string().nullable(),
  from: timestamp.nullable(),
  to: timestamp.nullable(),
  createdAt: timestamp,
  createdBy: z.string(),
  /** null while it is active */
  releasedAt: timestamp.nullable(),
  releasedBy: z.string().nullable(),
});
export type LegalHold = z.infer<typeof legalHold>;

const common = { service: 'audit', caller: 'credential' } as const;

export const auditRetentionOperations = {
  'audit.retention': operation({
    ...common,
    name: 'audit.retention',
    summary: 'See how long the audit log is kept, and what of it is dropped next.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/retention', status: 200 },
    input: z.strictObject({}),
    output: retention,
    errors: [],
  }),
  'audit.setRetention': operation({
    ...common,
    name: 'audit.setRetention',
    summary:
      'Say how long events, records of governance with them, and messages are kept that come from now on. What is there already is kept as it was when it came.',
    kind: 'command',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/audit/retention', status: 200 },
    input: z.strictObject({
      events: keep.optional(),
      messages: keep.optional(),
      /** Changes nothing, and answers as if it had. */
      dryRun: z.boolean().default(false),
    }),
    output: z.strictObject({ events: kept, messages: kept }),
    errors: [],
  }),
  'audit.runRetention': operation({
    ...common,
    name: 'audit.runRetention',
    summary:
      'Drop now what is older than it is kept, instead of with the next hour; or only see what that is.',
    kind: 'command',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/audit/retention/runs', status: 202 },
    input: z.strictObject({ dryRun: z.boolean().default(false) }),
    output: z.strictObject({
      /** Whether a run was begun. */
      begun: z.boolean(),
      /** What goes. */
      partitions: z.array(retainedPartition),
    }),
    errors: [],
  }),
  'audit.placeHold': operation({
    ...common,
    name: 'audit.placeHold',
    summary: 'Keep what a legal hold covers beyond its retention, until the hold is released.',
    kind: 'command',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/audit/legal-holds', status: 201 },
    input: z
      .strictObject({ reason: z.string().trim().min(1).max(1_000), ...covered })
      .refine(
        ({ subject: who, correlationId: talk, from, to }) =>
          [who, talk, from, to].some((part) => part !== undefined),
        'must name at least one of subject, correlationId, from and to',
      )
      .refine(({ from, to }) => !from || !to || Date.parse(from) < Date.parse(to), 'from must be before to'),
    output: z.strictObject({ id: holdId, createdAt: timestamp }),
    errors: ['HOLDS_FULL'],
  }),
  'audit.holds': operation({
    ...common,
    name: 'audit.holds',
    summary:
      'List legal holds, newest first, also those that were released. Only for who may read the whole trail.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/legal-holds', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(legalHold),
    errors: [],
  }),
  'audit.releaseHold': operation({
    ...common,
    name: 'audit.releaseHold',
    summary: 'Release a legal hold: what only it has kept goes with the next run.',
    kind: 'command',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/audit/legal-holds/{id}', status: 200 },
    input: z.strictObject({ id: holdId }),
    output: z.strictObject({ id: holdId, releasedAt: timestamp }),
    errors: ['HOLD_UNKNOWN'],
  }),
};
