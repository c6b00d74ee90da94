type Kind = 'text' | 'int' | 'time' | 'bytes' | 'json';

/** How a table is tampered with in tests: which rows it has, which columns, and which fault names a row. */
export interface TamperedTable {
  readonly name: string;
  /** Columns by their kind of value. */
  readonly columns: Readonly<Record<string, Kind>>;
  /** SQL that names a row in the order of the table, for people and for the fault. */
  readonly key: string;
  /** Tamperings that are tried in the long round, a fifth of them in CI. */
  readonly runs: number;
  /** Rows that can be judged whole. */
  readonly where?: string;
  /** SQL assignments that make a row look like one of somebody who was erased. */
  readonly excuses?: readonly string[];
}

const erased = `(SELECT max(subject) FROM audit_events WHERE type LIKE '%agent.erased%')`;
/** Which records those were of somebody who was erased, is closed: they are counted. */
const ofOthers = `subject <> ${erased}`;
const closed = `FROM audit_events WHERE subject = ${erased} AND type NOT LIKE '%agent.erased%' LIMIT 1`;

export const tables: readonly TamperedTable[] = [
  {
    name: 'audit_events',
    runs: 75,
    key: 'log_index',
    columns: {
      ...{
        tenant: 'text',
        log_index: 'int',
        event_id: 'text',
        type: 'text',
        source: 'text',
        subject: 'text',
      },
      ...{ actor: 'text', time: 'time', correlation_id: 'text', trace_id: 'text', key_id: 'text' },
      ...{ body: 'bytes', body_bytes: 'int' },
    },
    excuses: [
      `(subject, key_id) = (SELECT subject, key_id ${closed})`,
      `key_id = (SELECT key_id ${closed})`,
      `(subject, actor, key_id) = (SELECT subject, actor, key_id ${closed})`,
      `subject = 'agent:x;for=agent:' || ${erased}, key_id = (SELECT key_id ${closed})`,
    ],
  },
  {
    name: 'message_audit_log',
    runs: 60,
    key: 'message_id',
    columns: {
      ...{ tenant: 'text', message_id: 'text', from_agent: 'text', to_agent: 'text', message_type: 'text' },
      ...{ priority: 'text', status: 'text', status_rank: 'int', correlation_id: 'text', reply_to: 'text' },
      ...{ payload: 'bytes', payload_key_id: 'text', payload_bytes: 'int', timestamp: 'time' },
      ...{ delivered_at: 'time', ttl_seconds: 'int', retry_count: 'int', error_message: 'text' },
    },
    // What became of a message is told of whom it was sent to.
    where: `to_agent <> ${erased}`,
    excuses: [
      `to_agent = ${erased}`,
      `from_agent = ${erased}`,
      `to_agent = ${erased}, status = 'EXPIRED', status_rank = 2`,
      `from_agent = ${erased}, payload_key_id = (SELECT key_id ${closed}), priority = 'LOW'`,
      `from_agent = ${erased}, to_agent = ${erased}, error_message = NULL, timestamp = timestamp - interval '1 day'`,
    ],
  },
  {
    name: 'log_entries',
    runs: 30,
    key: 'leaf_index',
    columns: { leaf_index: 'int', event_id: 'text', leaf: 'bytes' },
  },
  {
    name: 'log_tiles',
    runs: 30,
    key: `level || '/' || index`,
    columns: { level: 'int', index: 'int', hashes: 'bytes' },
  },
  { name: 'log_state', runs: 15, key: 'size', columns: { vkey: 'text', size: 'int', root: 'bytes' } },
  { name: 'log_checkpoints', runs: 30, key: 'size', columns: { size: 'int', note: 'text', previous: 'int' } },
  {
    name: 'source_cursors',
    runs: 30,
    key: 'source',
    columns: { source: 'text', epoch: 'int', position: 'int' },
  },
  {
    name: 'governance_logs',
    runs: 25,
    key: 'id',
    where: ofOthers,
    columns: {
      ...{ tenant: 'text', id: 'text', subject: 'text', actor: 'text', mode: 'text', action: 'text' },
      ...{ outcome: 'text', workflow_id: 'text', correlation_id: 'text', occurred_at: 'time' },
      ...{ recorded_at: 'time', line_hash: 'bytes', body_key_id: 'text', body: 'bytes', hash: 'bytes' },
    },
    excuses: [`subject = ${erased}, body_key_id = (SELECT key_id ${closed})`],
  },
  {
    name: 'governance_metrics',
    runs: 15,
    key: 'id',
    where: ofOthers,
    columns: {
      ...{ tenant: 'text', id: 'text', subject: 'text', actor: 'text', name: 'text', value: 'int' },
      ...{ unit: 'text', mode: 'text', workflow_id: 'text', measured_at: 'time', recorded_at: 'time' },
      hash: 'bytes',
    },
  },
  {
    name: 'workflow_executions',
    runs: 25,
    key: 'id',
    where: ofOthers,
    columns: {
      ...{ tenant: 'text', id: 'text', subject: 'text', actor: 'text', name: 'text', mode: 'text' },
      ...{ correlation_id: 'text', started_at: 'time', ended_at: 'time', duration_ms: 'int' },
      ...{ ended_by: 'text', parameters_key_id: 'text', parameters: 'bytes', result_key_id: 'text' },
      ...{ result: 'bytes', recorded_at: 'time', hash: 'bytes' },
    },
  },
  {
    name: 'audit_labels',
    runs: 10,
    key: 'tenant',
    columns: { tenant: 'text', labels: 'json', updated_at: 'time' },
  },
  {
    name: 'legal_holds',
    runs: 20,
    key: 'id',
    columns: {
      ...{ tenant: 'text', id: 'text', reason: 'text', subject: 'text', correlation_id: 'text' },
      ...{ from_time: 'time', to_time: 'time', created_at: 'time', created_by: 'text' },
      ...{ released_at: 'time', released_by: 'text' },
    },
  },
  {
    name: 'retention_settings',
    runs: 10,
    key: `kind || '/' || (extract(epoch FROM since) * 1000000)::int8`,
    columns: { tenant: 'text', kind: 'text', since: 'time', retention_class: 'text' },
  },
];

/** Another value of a column, as different as `how` says. */
export function other(column: string, kind: Kind, how: number): string {
  switch (kind) {
    case 'text':
      return [
        `coalesce(${column}, '') || 'x'`,
        `CASE WHEN ${column} IS NULL THEN 'y' ELSE left(${column}, -1) END`,
        `'z'`,
      ][how % 3]!;
    case 'int':
      return `coalesce(${column}, 0) + ${[1, -1, 7, 5_000][how % 4]}`;
    case 'time':
      return `coalesce(${column}, now()) + interval '${['1 millisecond', '-1 microsecond', '3 days'][how % 3]}'`;
    case 'json':
      return [`'[]'::jsonb`, `${column} || '[{}]'::jsonb`, `${column} - 0`][how % 3]!;
    case 'bytes':
      return [
        `CASE WHEN length(coalesce(${column}, '')) = 0 THEN '\\x01'::bytea ELSE set_byte(${column}, ${how} % length(${column}), get_byte(${column}, ${how} % length(${column})) # 1) END`,
        `coalesce(${column}, '') || '\\x00'::bytea`,
        `substr(${column}, 1, length(${column}) - 1)`,
      ][how % 3]!;
    default:
      return kind satisfies never;
  }
}
