import { MetricRecorded, type OperationOutput } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { causedBy } from '../own-event/own-events';
import type { GovernancePorts } from './governance-ports';
import { hexOf, newRecord, requireWorkflow } from './record';
import { recordHash, type Unhashed } from './record-hash';
import { integrityOf } from './record-integrity';
import type { DatedTable } from './record-queries';
import { GovernanceMetric, type MetricRow } from './record-rows';
import { requirePast } from './record-time';

type Item = OperationOutput<'governance.metrics'>['items'][number];

const metrics: DatedTable<MetricRow> = { entity: GovernanceMetric, time: 'measuredAt', bytesOf: () => 512 };

/** The operations `governance.recordMetric` and `governance.metrics`. */
export function metricHandlers(ports: GovernancePorts) {
  const { queries, trail, ownEvents, clock } = ports;
  return {
    'governance.recordMetric': async (input, context) => {
      const { name, value, unit = null, mode = null } = input;
      const now = clock.now();
      const measuredAt = input.measuredAt === undefined ? now : new Date(input.measuredAt);
      requirePast('/measuredAt', measuredAt.getTime(), now.getTime());
      return ownEvents.command(context, input, async (em, append) => {
        const workflowId = await requireWorkflow(em, context, input.workflowId);
        const open: Unhashed<MetricRow> = {
          ...newRecord(context, now),
          ...{ name, value, unit, mode, workflowId, measuredAt },
        };
        const row = { ...open, hash: recordHash(open) };
        await em.insert(GovernanceMetric, row);
        const { id, subject } = row;
        const hash = hexOf(row.hash);
        const data = { id, subject, hash, name, value, unit, mode, workflowId };
        append({
          ...{ ...causedBy(context), spec: MetricRecorded },
          data: { ...data, measuredAt: measuredAt.toISOString() },
        });
        return { id, recordedAt: now.toISOString(), hash };
      });
    },
    'governance.metrics': ({ from, to, limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const { rows, nextCursor } = await queries.page(metrics, reach, filter, { from, to, limit, cursor });
        const items = rows.map((row) => toItem(ports, row));
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

const toItem = (ports: GovernancePorts, row: MetricRow): Item => ({
  ...{ id: row.id, actor: row.actor, subject: row.subject, recordedAt: row.recordedAt.toISOString() },
  ...{ hash: hexOf(row.hash), integrity: integrityOf(ports, row), measuredAt: row.measuredAt.toISOString() },
  ...{ name: row.name, value: row.value, unit: row.unit, mode: row.mode as Item['mode'] },
  workflowId: row.workflowId,
});
