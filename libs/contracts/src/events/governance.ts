import { z } from 'zod';
import { timestamp } from '../names';
import { dragMode, governanceOutcome, recordSubject } from '../operations/governance-fields';
import { endedStatus } from '../operations/workflow-status';
import { type EventOf, event } from './event';

/** Records of governance keep their texts where they can be forgotten; an event has what binds the record to the trail. */
const record = {
  id: z.uuidv7(),
  subject: recordSubject,
  /** SHA-256 of the record as it is stored, in hexadecimal digits */
  hash: z.string(),
};
const aboutIt = ({ subject }: { readonly subject: string }): string => subject;

export const GovernanceLogged = event({
  type: 'concordat.audit.governance.logged.v1',
  summary: 'Something was recorded in the governance log, or imported into it.',
  data: z.strictObject({
    ...record,
    mode: dragMode,
    action: z.string(),
    outcome: governanceOutcome.nullable(),
    workflowId: z.string().nullable(),
    occurredAt: timestamp,
    /** SHA-256 of the line of an older log that it was imported from; null: it was logged here */
    lineHash: z.string().nullable(),
  }),
  subject: aboutIt,
});

export const MetricRecorded = event({
  type: 'concordat.audit.governance-metric.recorded.v1',
  summary: 'A figure of governance was recorded.',
  data: z.strictObject({
    ...record,
    name: z.string(),
    value: z.number(),
    unit: z.string().nullable(),
    mode: dragMode.nullable(),
    workflowId: z.string().nullable(),
    measuredAt: timestamp,
  }),
  subject: aboutIt,
});

export const WorkflowStarted = event({
  type: 'concordat.audit.workflow.started.v1',
  summary: 'A workflow execution started.',
  data: z.strictObject({ ...record, name: z.string(), mode: dragMode.nullable(), startedAt: timestamp }),
  subject: aboutIt,
});

export const WorkflowEnded = event({
  type: 'concordat.audit.workflow.ended.v1',
  summary: 'A workflow execution was completed, failed or was cancelled.',
  data: z.strictObject({
    ...record,
    status: endedStatus,
    endedAt: timestamp,
    durationMs: z.number().int().nonnegative(),
  }),
  subject: aboutIt,
});

export type GovernanceEvent =
  | EventOf<typeof GovernanceLogged>
  | EventOf<typeof MetricRecorded>
  | EventOf<typeof WorkflowStarted>
  | EventOf<typeof WorkflowEnded>;
