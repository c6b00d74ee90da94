import { z } from 'zod';
import { correlationId, jsonValue, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import {
  detailObject,
  detailValue,
  dragMode,
  label,
  period,
  recorded,
  recordId,
  recordSubject,
} from './governance-fields';
import { endedStatus, workflowStatus } from './workflow-status';

export { type EndedStatus, endedStatus, type WorkflowStatus, workflowStatus } from './workflow-status';

const durationMs = z.number().int().nonnegative();

const workflow = z.strictObject({
  ...recorded,
  name: z.string(),
  mode: dragMode.nullable(),
  correlationId: z.string().nullable(),
  status: workflowStatus,
  startedAt: timestamp,
  /** null while it runs, like `durationMs` and `endedBy` */
  endedAt: timestamp.nullable(),
  durationMs: durationMs.nullable(),
  endedBy: z.string().nullable(),
  /** null when there were none, or when the subject was erased, like `result` */
  parameters: jsonValue,
  result: jsonValue,
});

const common = { service: 'audit', caller: 'credential' } as const;

export const workflowOperations = {
  'workflow.start': operation({
    ...common,
    name: 'workflow.start',
    summary: 'Record that a workflow execution has started.',
    kind: 'command',
    scope: 'workflows',
    http: { method: 'POST', path: '/v1/governance/workflows', status: 201 },
    input: z.strictObject({
      name: label,
      mode: dragMode.optional(),
      parameters: detailObject.optional(),
      correlationId: correlationId.optional(),
      /** Now, when left out. */
      startedAt: timestamp.optional(),
    }),
    output: z.strictObject({
      id: recordId,
      status: workflowStatus,
      startedAt: timestamp,
      recordedAt: timestamp,
      hash: z.string(),
    }),
    errors: ['GOVERNANCE_TIME_INVALID'],
  }),
  'workflow.end': operation({
    ...common,
    name: 'workflow.end',
    summary: 'Record how a workflow execution has ended: completed, failed or cancelled. It ends once.',
    kind: 'command',
    scope: 'workflows',
    http: { method: 'PATCH', path: '/v1/governance/workflows/{id}', status: 200 },
    input: z.strictObject({
      id: recordId,
      status: endedStatus,
      result: detailValue.optional(),
      /** Now, when left out. */
      endedAt: timestamp.optional(),
    }),
    output: z.strictObject({
      id: recordId,
      status: workflowStatus,
      startedAt: timestamp,
      endedAt: timestamp,
      durationMs,
      hash: z.string(),
    }),
    errors: ['WORKFLOW_UNKNOWN', 'WORKFLOW_ENDED', 'GOVERNANCE_TIME_INVALID'],
  }),
  'workflow.get': operation({
    ...common,
    name: 'workflow.get',
    summary: 'Read one workflow execution: one’s own, or as an overseer any of the tenant.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/governance/workflows/{id}', status: 200 },
    input: z.strictObject({ id: recordId }),
    output: workflow,
    errors: ['WORKFLOW_UNKNOWN'],
  }),
  'workflow.list': operation({
    ...common,
    name: 'workflow.list',
    summary:
      'List workflow executions, the latest start first: one’s own, for overseers those of the tenant.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/governance/workflows', status: 200 },
    input: z.strictObject({
      name: label.optional(),
      status: workflowStatus.optional(),
      subject: recordSubject.optional(),
      ...period,
      ...pageInput,
    }),
    output: page(workflow),
    errors: [],
    // What many have written stands side by side.
    neverCompressed: true,
  }),
};
