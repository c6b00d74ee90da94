import type { EntityManager } from '@mikro-orm/postgresql';
import { recordHash, type Unhashed } from '../governance/record-hash';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import { digestOf, type ToldRecord } from './record-folds';

/** A row of a table of audit-service itself. */
export interface StoredRecord {
  readonly tenant: string;
  /** What names it in its tenant. */
  readonly id: string;
  /** Under whose key the events about it lie; null: under one that no erasure takes */
  readonly subject: string | null;
  /** undefined: it is not what its own hash says */
  readonly digests: ToldRecord | undefined;
}

type Row = Readonly<Record<string, unknown>>;

interface RecordTable {
  /** SQL of the name in the tenant, which pages are in the order of. */
  readonly id: string;
  /** Times come as texts of microseconds. */
  readonly times: readonly string[];
  readonly others: readonly string[];
  digests(row: Row): ToldRecord | undefined;
}

const common = ['subject', 'actor', 'hash'];

/** Rows with a hash of their own, which the event has too. */
const hashed = (times: readonly string[], others: readonly string[], numbers: readonly string[] = []) => ({
  ...{ id: 'id', times: ['recorded_at', ...times], others: [...common, ...others, ...numbers] },
  digests: (row: Row): ToldRecord | undefined => {
    const { hash, ...columns } = row;
    if ([...times, 'recorded_at'].some((name) => !isWholeMs(row[name]))) return undefined;
    const entries = Object.entries(columns).map(([name, value]) => [camelCase(name), valueOf(name, value)]);
    const right = hexOf(recordHash(Object.fromEntries(entries) as Unhashed));
    return hexOf(hash as Uint8Array) === right ? { first: right, last: right } : undefined;
  },
});
const valueOf = (name: string, value: unknown): unknown => {
  if (value === null) return null;
  if (name.endsWith('_at')) return new Date(Number(value) / 1_000);
  return name === 'duration_ms' || name === 'value' ? Number(value) : value;
};
const isWholeMs = (micros: unknown): boolean => micros === null || Number(micros) % 1_000 === 0;
const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const recordTables = {
  governance_logs: hashed(
    ['occurred_at'],
    ['mode', 'action', 'outcome', 'workflow_id', 'correlation_id', 'line_hash', 'body_key_id', 'body'],
  ),
  governance_metrics: hashed(['measured_at'], ['name', 'value', 'unit', 'mode', 'workflow_id']),
  workflow_executions: hashed(
    ['started_at', 'ended_at'],
    [
      ...['name', 'mode', 'correlation_id', 'status', 'duration_ms', 'ended_by', 'parameters_key_id'],
      ...['parameters', 'result_key_id', 'result'],
    ],
  ),
  audit_labels: {
    ...{ id: 'tenant', times: ['updated_at'], others: ['labels'] },
    digests: (row) => ({ first: digestOf([row['labels'], row['updated_at']]), last: null }),
  },
  legal_holds: {
    ...{ id: 'id', times: ['from_time', 'to_time', 'created_at', 'released_at'] },
    others: ['reason', 'subject', 'correlation_id', 'created_by', 'released_by'],
    digests: (row) => ({
      first: digestOf(
        ['reason', 'subject', 'correlation_id', 'from_time', 'to_time', 'created_at', 'created_by'].map(
          (name) => row[name],
        ),
      ),
      last:
        row['released_at'] === null && row['released_by'] === null
          ? null
          : digestOf([row['released_at'], row['released_by']]),
    }),
  },
  retention_settings: {
    ...{ id: `kind || '/' || (extract(epoch FROM since) * 1000000)::int8`, times: [] },
    others: ['retention_class'],
    digests: (row) => ({ first: digestOf([row['retention_class']]), last: null }),
  },
} as const satisfies Readonly<Record<string, RecordTable>>;

export type RecordTableName = keyof typeof recordTables;
export const recordTableNames = Object.keys(recordTables) as RecordTableName[];

/** A record may have some ten thousand bytes. */
const pageRows = 100;

const selectOf = (name: RecordTableName): string => {
  const { id, times, others }: RecordTable = recordTables[name];
  const micros = times.map((time) => `((extract(epoch FROM ${time}) * 1000000)::int8)::text AS ${time}`);
  return `SELECT tenant, ${id} AS id, ${[...micros, ...others].join(', ')} FROM ${name}`;
};

/** All rows of a table. Memory is that of one page. */
export async function* recordPages(store: AuditStore, name: RecordTableName): AsyncGenerator<StoredRecord[]> {
  const { id }: RecordTable = recordTables[name];
  const sql = `${selectOf(name)} WHERE (tenant, ${id}) > (?, ?) ORDER BY tenant, ${id} LIMIT ${pageRows}`;
  for (let after = ['', '']; ;) {
    const rows = await store.transaction((em) => queryRows<Row>(em, sql, after));
    if (rows.length === 0) return;
    const page = rows.map((row) => toRecord(name, row));
    yield page;
    const last = page.at(-1)!;
    after = [last.tenant, last.id];
  }
}

/** Those of the rows that there are. */
export async function recordsNamed(
  em: EntityManager,
  name: RecordTableName,
  keys: readonly { readonly tenant: string; readonly id: string }[],
): Promise<StoredRecord[]> {
  const { id }: RecordTable = recordTables[name];
  const sql = `${selectOf(name)} WHERE (tenant, ${id}) IN (SELECT * FROM unnest(?::text[], ?::text[]))`;
  const names = [keys.map(({ tenant }) => tenant), keys.map((key) => key.id)];
  return (await queryRows<Row>(em, sql, names)).map((row) => toRecord(name, row));
}

function toRecord(name: RecordTableName, row: Row): StoredRecord {
  const { digests, id }: RecordTable = recordTables[name];
  const isOfSubject = 'hash' in row;
  return {
    ...{ tenant: row['tenant'] as string, id: row['id'] as string },
    subject: isOfSubject ? (row['subject'] as string) : null,
    // What is not a column is not hashed.
    digests: digests(id === 'id' ? row : omitId(row)),
  };
}

const omitId = ({ id: _, ...row }: Row): Row => row;
