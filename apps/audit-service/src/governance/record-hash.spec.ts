import { createHash } from 'node:crypto';
import { recordHash, type Unhashed, verifyGovernanceRow } from './record-hash';
import type { GovernanceRow, LogRow, MetricRow, WorkflowRow } from './record-rows';

const time = new Date('2026-01-01T00:00:00.000Z');
const common = { tenant: 'default', id: 'i', subject: 's', actor: 'a', recordedAt: time };
const log: Unhashed<LogRow> = {
  ...{ ...common, mode: 'DRAFT', action: 'x', outcome: null, workflowId: null, correlationId: null },
  ...{ occurredAt: time, lineHash: null, bodyKeyId: 'k', body: Uint8Array.of(1, 2) },
};
const metric: Unhashed<MetricRow> = {
  ...{ ...common, name: 'n', value: 0.1, unit: null, mode: null, workflowId: null, measuredAt: time },
};
const workflow: Unhashed<WorkflowRow> = {
  ...{ ...common, name: 'n', mode: null, correlationId: null, status: 'running', startedAt: time },
  ...{ endedAt: null, durationMs: null, endedBy: null, parametersKeyId: null, parameters: null },
  ...{ resultKeyId: null, result: null },
};
const rows: [string, Unhashed][] = [
  ['governance_logs', log],
  ['governance_metrics', metric],
  ['workflow_executions', workflow],
];
const sealed = (row: Unhashed): GovernanceRow => ({ ...row, hash: recordHash(row) }) as GovernanceRow;

/** Another value of the same kind, and the empty one, which is not the absent one. */
const others = (value: unknown): unknown[] => {
  if (value instanceof Date) return [new Date(value.getTime() + 1)];
  if (value instanceof Uint8Array) return [Uint8Array.of(1, 3), Uint8Array.of()];
  if (typeof value === 'number') return [value + Number.EPSILON, null];
  return value === null ? ['', 'x'] : [`${String(value)}x`, ''];
};

describe.each(rows)('the hash of a row of %s', (_table, row) => {
  it('is that of the row as it was recorded', () => expect(verifyGovernanceRow(sealed(row))).toBe(true));

  it.each(Object.keys(row))('is another one when %s is', (column) => {
    for (const value of others(row[column as keyof Unhashed]))
      expect([value, verifyGovernanceRow({ ...sealed(row), [column]: value } as GovernanceRow)]).toEqual([
        value,
        false,
      ]);
  });

  it('does not hold for a row that it is not of', () => {
    const hash = Uint8Array.from(recordHash(row));
    hash[31]! ^= 1;
    expect(verifyGovernanceRow({ ...row, hash } as GovernanceRow)).toBe(false);
    expect(verifyGovernanceRow({ ...row, hash: hash.subarray(1) } as GovernanceRow)).toBe(false);
  });
});

it('the hash is made as it is documented', () => {
  const part = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const is = (text: string): Buffer => part(Buffer.from(`\x01${text}`));
  const absent = part(Buffer.from([0]));
  const form = Buffer.concat([
    ...[part(Buffer.from('concordat/governance-record/v1')), part(Buffer.from('governance_metrics'))],
    ...[is('default'), is('i'), is('s'), is('a'), is('2026-01-01T00:00:00.000Z'), is('n'), is('0.1')],
    ...[absent, absent, absent, is('2026-01-01T00:00:00.000Z')],
  ]);
  expect(Buffer.from(recordHash(metric))).toEqual(createHash('sha256').update(form).digest());
});
