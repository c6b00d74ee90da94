import { ConcordatError, type OperationOutput } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import type { GovernancePorts } from '../governance/governance-ports';
import { hexOf } from '../governance/record';
import { integrityOf } from '../governance/record-integrity';
import type { DatedTable } from '../governance/record-queries';
import { WorkflowExecution, type WorkflowRow } from '../governance/record-rows';
import { openText } from '../governance/record-text';

type Item = OperationOutput<'workflow.get'>;

const executions: DatedTable<WorkflowRow> = {
  entity: WorkflowExecution,
  time: 'startedAt',
  bytesOf: ({ parameters, result }) => (parameters?.byteLength ?? 0) + (result?.byteLength ?? 0),
};

/** The operations `workflow.get` and `workflow.list`. */
export function workflowQueryHandlers(ports: GovernancePorts) {
  const { queries, trail } = ports;
  return {
    'workflow.get': async ({ id }, context) => {
      const output = await trail.query(context, async (reach) => {
        const row = await queries.workflow(reach, id);
        return { results: row ? 1 : 0, answer: row && (await toItem(ports, row)) };
      });
      if (!output) throw new ConcordatError('WORKFLOW_UNKNOWN');
      return { output, position: null };
    },
    'workflow.list': ({ from, to, limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const { rows, nextCursor } = await queries.page(executions, reach, filter, {
          from,
          to,
          limit,
          cursor,
        });
        const items = await Promise.all(rows.map((row) => toItem(ports, row)));
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

async function toItem(ports: GovernancePorts, row: WorkflowRow): Promise<Item> {
  const { tenant, id } = row;
  const [parameters, result] = await Promise.all([
    openText(ports.sealer, { tenant, id, part: 'parameters' }, row.parametersKeyId, row.parameters),
    openText(ports.sealer, { tenant, id, part: 'result' }, row.resultKeyId, row.result),
  ]);
  return {
    ...{ id, actor: row.actor, subject: row.subject, recordedAt: row.recordedAt.toISOString() },
    ...{ hash: hexOf(row.hash), integrity: integrityOf(ports, row) },
    ...{ name: row.name, mode: row.mode as Item['mode'], correlationId: row.correlationId },
    ...{ status: row.status as Item['status'], startedAt: row.startedAt.toISOString() },
    ...{ endedAt: row.endedAt?.toISOString() ?? null, durationMs: row.durationMs, endedBy: row.endedBy },
    ...{ parameters, result },
  };
}
