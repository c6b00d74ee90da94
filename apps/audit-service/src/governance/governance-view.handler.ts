import { type GovernanceView, type GovernanceViewRow, limits } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import type { GovernancePorts } from './governance-ports';
import { requireWholeTenant } from './record';

const empty: GovernanceViewRow = Object.freeze({
  ...{
    id: null,
    occurredAt: null,
    actor: null,
    subject: null,
    action: null,
    outcome: null,
    workflowId: null,
  },
  ...{ workflowStatus: null, workflow: null, mode: null, userId: null, userRoles: null, userStatus: null },
  ...{ total: null, running: null, completed: null, failed: null, cancelled: null, successRate: null },
  ...{ averageDurationMs: null, share: null, subjects: null, lastAt: null },
});

/** The operation `governance.view`: the views of 009-governance.ts, in their own order. */
export function governanceViewHandlers({ queries, trail }: Pick<GovernancePorts, 'queries' | 'trail'>) {
  return {
    'governance.view': async ({ view }, context) => {
      requireWholeTenant(context);
      return trail.query(context, async ({ tenant }) => {
        const items = (await queries.view(sqlOf(view), tenant)).map(toItem);
        return { results: items.length, answer: { output: { view, items }, position: null } };
      });
    },
  } satisfies OperationHandlers;
}

// The name is one of four, by the schema of the operation.
const sqlOf = (view: GovernanceView): string =>
  `SELECT * FROM ${view} WHERE tenant = ? LIMIT ${limits.pageItems}`;

const toItem = ({ tenant: _, ...row }: Record<string, unknown>): GovernanceViewRow =>
  ({ ...empty, ...Object.fromEntries(Object.entries(row).map(toField)) }) as GovernanceViewRow;

const counts = new Set(['total', 'running', 'completed', 'failed', 'cancelled', 'subjects']);
const times = new Set(['occurredAt', 'lastAt']);

/**
 * Columns of PostgreSQL as fields of an answer: `success_rate` is `successRate`. A `bigint` and a `timestamptz` come as
 * texts where no entity says what they are.
 */
function toField([column, value]: [string, unknown]): [string, unknown] {
  const name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (value === null) return [name, null];
  if (counts.has(name)) return [name, Number(value)];
  return [name, times.has(name) ? new Date(value as string).toISOString() : value];
}
