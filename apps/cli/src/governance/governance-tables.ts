import { type OperationOutput } from '@concordat/sdk';
import { table } from '../output';

const marked = (integrity: string): string => (integrity === 'intact' ? '' : 'CHANGED');
const text = (value: string | number | null): string => (value === null ? '' : String(value));
const percent = (value: number | null): string => (value === null ? '' : `${(value * 100).toFixed(1)} %`);

export const logTable = ({ items }: OperationOutput<'governance.logs'>): string =>
  table(
    ['occurred', 'mode', 'action', 'outcome', 'subject', 'mission', 'id', ''],
    items.map((item) => [
      ...[item.occurredAt, item.mode, item.action, text(item.outcome), item.subject],
      ...[text(item.aim?.mission ?? null), item.id, marked(item.integrity)],
    ]),
  );

export const metricTable = ({ items }: OperationOutput<'governance.metrics'>): string =>
  table(
    ['measured', 'name', 'value', 'unit', 'subject', 'id', ''],
    items.map((item) => [
      ...[item.measuredAt, item.name, String(item.value), text(item.unit), item.subject, item.id],
      marked(item.integrity),
    ]),
  );

export const workflowTable = ({ items }: OperationOutput<'workflow.list'>): string =>
  table(
    ['started', 'name', 'status', 'ms', 'subject', 'id', ''],
    items.map((item) => [
      ...[item.startedAt, item.name, item.status, text(item.durationMs), item.subject, item.id],
      marked(item.integrity),
    ]),
  );

type Row = OperationOutput<'governance.view'>['items'][number];

/** What a view has, as columns. */
const columns: Readonly<
  Record<OperationOutput<'governance.view'>['view'], [string, (row: Row) => string][]>
> = {
  v_recent_governance: [
    ['occurred', (row) => text(row.occurredAt)],
    ['mode', (row) => text(row.mode)],
    ['action', (row) => text(row.action)],
    ['outcome', (row) => text(row.outcome)],
    ['workflow', (row) => text(row.workflow)],
    ['subject', (row) => text(row.subject)],
    ['roles', (row) => row.userRoles?.join(' ') ?? ''],
    ['user', (row) => text(row.userStatus)],
  ],
  v_workflow_success_rate: [
    ['workflow', (row) => text(row.workflow)],
    ...(['total', 'running', 'completed', 'failed', 'cancelled'] as const).map(count),
    ['success', (row) => percent(row.successRate)],
    ['ms', (row) => (row.averageDurationMs === null ? '' : row.averageDurationMs.toFixed(0))],
    ['last', (row) => text(row.lastAt)],
  ],
  v_drag_mode_distribution: [
    ['mode', (row) => text(row.mode)],
    ...(['total', 'subjects'] as const).map(count),
    ['share', (row) => percent(row.share)],
    ['success', (row) => percent(row.successRate)],
    ['last', (row) => text(row.lastAt)],
  ],
  v_user_activity: [
    ['user', (row) => text(row.userId)],
    ['roles', (row) => row.userRoles?.join(' ') ?? 'not known'],
    ['status', (row) => text(row.userStatus)],
    ...(['total', 'running', 'completed', 'failed', 'cancelled'] as const).map(count),
    ['last', (row) => text(row.lastAt)],
  ],
};

function count(
  name: 'total' | 'running' | 'completed' | 'failed' | 'cancelled' | 'subjects',
): [string, (row: Row) => string] {
  return [name, (row) => text(row[name])];
}

export const viewTable = ({ view, items }: OperationOutput<'governance.view'>): string =>
  table(
    columns[view].map(([heading]) => heading),
    items.map((row) => columns[view].map(([, cell]) => cell(row))),
  );
