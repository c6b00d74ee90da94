import { z } from 'zod';
import { limits } from '../limits';
import { correlationId, jsonValue, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import {
  aim,
  detailObject,
  dragMode,
  governanceOutcome,
  label,
  period,
  receipt,
  recorded,
  recordId,
  recordSubject,
} from './governance-fields';
import { governanceView, governanceViewRow } from './governance-view';

export { type Aim, aim, dragMode, type DragMode, governanceOutcome, label } from './governance-fields';
export { type GovernanceView, governanceView, type GovernanceViewRow } from './governance-view';

const governanceLog = z.strictObject({
  ...recorded,
  occurredAt: timestamp,
  mode: dragMode,
  action: z.string(),
  outcome: governanceOutcome.nullable(),
  workflowId: z.string().nullable(),
  correlationId: z.string().nullable(),
  /** null when there was none, or when the subject was erased */
  aim: aim.nullable(),
  details: jsonValue,
  /** The line of an older log that it was made of; null for what was logged here, or when the subject was erased. */
  original: z.string().nullable(),
});

const governanceMetric = z.strictObject({
  ...recorded,
  measuredAt: timestamp,
  name: z.string(),
  value: z.number(),
  unit: z.string().nullable(),
  mode: dragMode.nullable(),
  workflowId: z.string().nullable(),
});

/** What became of a line, in the order of the lines. */
const importedLine = z.strictObject({
  /** known: this line was imported before. */
  status: z.enum(['imported', 'known', 'refused']),
  /** null when it was refused, and in a dry run when it is new */
  id: recordId.nullable(),
  /** SHA-256 of the line in hexadecimal digits: what makes it the same line. */
  lineHash: z.string(),
  /** What is wrong with it; null when nothing is. */
  problem: z.string().nullable(),
});

const common = { service: 'audit', caller: 'credential' } as const;

export const governanceOperations = {
  'governance.log': operation({
    ...common,
    name: 'governance.log',
    summary: 'Record what was done, in which DRAG mode, and why (AIM). The record is in the Merkle log too.',
    kind: 'command',
    scope: 'governance',
    http: { method: 'POST', path: '/v1/governance/logs', status: 201 },
    input: z.strictObject({
      mode: dragMode,
      action: label,
      aim,
      outcome: governanceOutcome.optional(),
      details: detailObject.optional(),
      workflowId: recordId.optional(),
      correlationId: correlationId.optional(),
      /** Now, when left out. */
      occurredAt: timestamp.optional(),
    }),
    output: receipt,
    errors: ['WORKFLOW_UNKNOWN', 'GOVERNANCE_TIME_INVALID'],
  }),
  'governance.logs': operation({
    ...common,
    name: 'governance.logs',
    summary:
      'Search the governance log, newest first. Agents and users see what is about them, overseers their tenant.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/governance/logs', status: 200 },
    input: z.strictObject({
      subject: recordSubject.optional(),
      mode: dragMode.optional(),
      action: label.optional(),
      outcome: governanceOutcome.optional(),
      workflowId: recordId.optional(),
      ...period,
      ...pageInput,
    }),
    output: page(governanceLog),
    errors: [],
    // What many have written stands side by side.
    neverCompressed: true,
  }),
  'governance.import': operation({
    ...common,
    name: 'governance.import',
    summary: 'Import lines of an older JSONL audit log; a line that is known already changes nothing.',
    kind: 'command',
    scope: 'governance',
    http: { method: 'POST', path: '/v1/governance/logs/import', status: 200 },
    input: z.strictObject({
      /** Without what ends them. */
      lines: z
        .array(
          z
            .string()
            .min(1)
            .max(limits.importLineBytes)
            .regex(/^[^\r\n]*$/, 'must be one line'),
        )
        .min(1)
        .max(limits.importLines),
      /** Say what would become of them, and change nothing. */
      dryRun: z.boolean().default(false),
    }),
    output: z.strictObject({ items: z.array(importedLine) }),
    errors: [],
  }),
  'governance.recordMetric': operation({
    ...common,
    name: 'governance.recordMetric',
    summary: 'Record a figure of governance: a number at a time, under a name.',
    kind: 'command',
    scope: 'governance',
    http: { method: 'POST', path: '/v1/governance/metrics', status: 201 },
    input: z.strictObject({
      name: label,
      value: z.number(),
      unit: label.optional(),
      mode: dragMode.optional(),
      workflowId: recordId.optional(),
      /** Now, when left out. */
      measuredAt: timestamp.optional(),
    }),
    output: receipt,
    errors: ['WORKFLOW_UNKNOWN', 'GOVERNANCE_TIME_INVALID'],
  }),
  'governance.metrics': operation({
    ...common,
    name: 'governance.metrics',
    summary:
      'List figures of governance, newest first: what the caller recorded, for overseers those of the tenant.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/governance/metrics', status: 200 },
    input: z.strictObject({
      name: label.optional(),
      subject: recordSubject.optional(),
      workflowId: recordId.optional(),
      ...period,
      ...pageInput,
    }),
    output: page(governanceMetric),
    errors: [],
  }),
  'governance.view': operation({
    ...common,
    name: 'governance.view',
    summary:
      'Read one of the four views of the tenant: recent governance, success of workflows, DRAG modes, users.',
    kind: 'query',
    scope: 'governance',
    http: { method: 'GET', path: '/v1/governance/views/{view}', status: 200 },
    input: z.strictObject({ view: governanceView }),
    output: z.strictObject({ view: governanceView, items: z.array(governanceViewRow) }),
    errors: [],
  }),
};
