import { z } from 'zod';
import { role, timestamp } from '../names';
import { dragMode, governanceOutcome } from './governance-fields';
import { userStatus } from './user';
import { workflowStatus } from './workflow-status';

/** Views of PostgreSQL, by their names there. */
export const governanceView = z.enum([
  'v_recent_governance',
  'v_workflow_success_rate',
  'v_drag_mode_distribution',
  'v_user_activity',
]);
export type GovernanceView = z.infer<typeof governanceView>;

const count = z.number().int().nonnegative();
/** Of those that have ended; null while none has. */
const rate = z.number().min(0).max(1).nullable();

/**
 * A row of a view. One shape for all four: what a view does not have is null. Of users there is what iam-service publishes
 * in clear: email address and name are sealed under keys that only iam-service can open.
 */
export const governanceViewRow = z.strictObject({
  /** v_recent_governance */
  id: z.string().nullable(),
  occurredAt: timestamp.nullable(),
  actor: z.string().nullable(),
  subject: z.string().nullable(),
  action: z.string().nullable(),
  outcome: governanceOutcome.nullable(),
  workflowId: z.string().nullable(),
  workflowStatus: workflowStatus.nullable(),
  /** v_recent_governance, v_workflow_success_rate */
  workflow: z.string().nullable(),
  /** v_recent_governance, v_drag_mode_distribution */
  mode: dragMode.nullable(),
  /** v_recent_governance, v_user_activity; null when the subject is no user */
  userId: z.string().nullable(),
  /** null: not known, for a user from before this service kept users */
  userRoles: z.array(role).nullable(),
  userStatus: userStatus.nullable(),
  /** Executions, of v_drag_mode_distribution records, of v_user_activity both. */
  total: count.nullable(),
  /** v_workflow_success_rate, v_user_activity */
  running: count.nullable(),
  completed: count.nullable(),
  failed: count.nullable(),
  cancelled: count.nullable(),
  /** Completed among those that ended; of v_drag_mode_distribution success among those with an outcome. */
  successRate: rate,
  averageDurationMs: z.number().nonnegative().nullable(),
  /** v_drag_mode_distribution: of all records of the tenant, and whom they are about */
  share: rate,
  subjects: count.nullable(),
  /** Of the aggregating views. */
  lastAt: timestamp.nullable(),
});
export type GovernanceViewRow = z.infer<typeof governanceViewRow>;
