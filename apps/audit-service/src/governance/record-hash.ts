import { equalConstantTime, lengthPrefixed, sha256, utf8, concatBytes } from '@concordat/crypto';
import type { GovernanceRow, LogRow, MetricRow, WorkflowRow } from './record-rows';

type Columns<Row> = readonly Exclude<keyof Row & string, 'hash'>[];

const logColumns: Columns<LogRow> = [
  ...(['tenant', 'id', 'subject', 'actor', 'recordedAt', 'mode', 'action', 'outcome', 'workflowId'] as const),
  ...(['correlationId', 'occurredAt', 'lineHash', 'bodyKeyId', 'body'] as const),
];
const metricColumns: Columns<MetricRow> = [
  ...(['tenant', 'id', 'subject', 'actor', 'recordedAt', 'name', 'value', 'unit', 'mode'] as const),
  ...(['workflowId', 'measuredAt'] as const),
];
const workflowColumns: Columns<WorkflowRow> = [
  ...(['tenant', 'id', 'subject', 'actor', 'recordedAt', 'name', 'mode', 'correlationId', 'status'] as const),
  ...(['startedAt', 'endedAt', 'durationMs', 'endedBy', 'parametersKeyId', 'parameters'] as const),
  ...(['resultKeyId', 'result'] as const),
];

/** A row without its hash; it may have been written by anybody. */
export type Unhashed<Row = GovernanceRow> = Row extends unknown ? Omit<Row, 'hash'> : never;

/**
 * The integrity hash of a record: SHA-256 over length-prefixed parts (32 bit, big-endian), which are
 * `concordat/governance-record/v1`, the name of the table, and the columns in the order above. A column is one byte 0 when
 * it is null, otherwise a byte 1 and its value: texts in UTF-8, times as RFC 3339 in UTC with milliseconds, numbers as
 * JSON writes them, bytes as they are. Texts go in as they are stored, encrypted: the hash can be checked by whoever has
 * no key, and after the key is gone.
 */
export const recordHash = (row: Unhashed): Uint8Array => {
  const [table, columns] = formOf(row);
  const values = row as unknown as Readonly<Record<string, Value>>;
  return sha256(
    lengthPrefixed('concordat/governance-record/v1', table, ...columns.map((name) => part(values[name]!))),
  );
};

/**
 * Whether a row of `governance_logs`, `governance_metrics` or `workflow_executions` is what was recorded. The hash shows a
 * row that was changed; one whose hash was made anew too differs from the `hash` in the last event about it in the log.
 */
export const verifyGovernanceRow = (row: GovernanceRow): boolean =>
  equalConstantTime(recordHash(row), row.hash);

type Value = string | number | Date | Uint8Array | null;

function formOf(row: Unhashed): [table: string, columns: readonly string[]] {
  if ('occurredAt' in row) return ['governance_logs', logColumns];
  if ('measuredAt' in row) return ['governance_metrics', metricColumns];
  return ['workflow_executions', workflowColumns];
}

const absent = Uint8Array.of(0);
const present = Uint8Array.of(1);

function part(value: Value): Uint8Array {
  if (value === null) return absent;
  if (value instanceof Uint8Array) return concatBytes(present, value);
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'number' ? JSON.stringify(value) : value;
  return concatBytes(present, utf8(text));
}
