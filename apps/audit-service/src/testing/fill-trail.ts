import { Client } from 'pg';

/** Text expressions of `i`, a row number; r1…r4 are random in [0, 1) and belong to the row. */
type Columns = Readonly<Record<string, string>>;

/** Of ten tenants the first has two thirds of all; of a thousand agents some have very much and most have little. */
const tenant = `'tenant-' || floor(10 * power(r1, 4))::int`;
const agent = (r: string): string =>
  `'did:key:z6Mk' || lpad(floor(1000 * power(${r}, 3))::int::text, 44, '1')`;
export const agentName = (number: number): string => `did:key:z6Mk${String(number).padStart(44, '1')}`;
const oneOf = (r: string, values: readonly string[]): string =>
  `(ARRAY[${values.map((value) => `'${value}'`).join(',')}])[1 + floor(${r} * ${values.length})::int]`;

/** In what time everything happened, in milliseconds since 1970. */
export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

/** One every so often, up to the end. */
const at = (count: number, { beginMs, endMs }: Span): string =>
  `to_timestamp(${beginMs / 1_000}) + (i + 1)::float8 * ${(endMs - beginMs) / count} * interval '1 ms'`;

const messages = (count: number, span: Span): Columns => ({
  tenant,
  message_id: `'msg-1-0-' || lpad(i::text, 36, '0')`,
  from_agent: agent('r2'),
  to_agent: agent('r3'),
  message_type: oneOf('r4', ['COMMAND', 'QUERY', 'RESPONSE', 'EVENT', 'EVENT', 'EVENT', 'NOTIFICATION']),
  priority: oneOf('r3', ['NORMAL', 'NORMAL', 'NORMAL', 'NORMAL', 'NORMAL', 'HIGH', 'LOW', 'URGENT']),
  // Failures are rare.
  status: `CASE WHEN r4 < 0.0005 THEN 'FAILED' WHEN r4 < 0.001 THEN 'EXPIRED' WHEN r4 < 0.01 THEN 'PENDING' ELSE 'DELIVERED' END`,
  status_rank: '0',
  correlation_id: `'talk-' || (i / 20)`,
  payload: `'\\x00'`,
  payload_key_id: `'k'`,
  payload_bytes: '1',
  timestamp: at(count, span),
  delivered_at: `CASE WHEN r4 >= 0.01 THEN ${at(count, span)} + power(10, 5 * r2) * interval '1 ms' END`,
  retry_count: '0',
  accepted_at: at(count, span),
  labels: `CASE WHEN i % 10 = 0 THEN jsonb_build_object('order', i / 100, 'kind', 'k' || (i % 7)) END`,
  retention_class: `'d90'`,
});

/** A tenant of which all messages are of one kind, and many of one time. */
export const alike = 'alike';
const messagesAlike = (count: number, span: Span): Columns => ({
  ...messages(count, span),
  tenant: `'${alike}'`,
  message_id: `'msg-2-0-' || lpad(i::text, 36, '0')`,
  message_type: `'EVENT'`,
  priority: `'NORMAL'`,
  status: `'DELIVERED'`,
  timestamp: `date_bin('10 minutes', ${at(count, span)}, 'epoch')`,
});

const types = ['iam.agent.revoked', 'bus.message.accepted', 'bus.messages.sent', 'bus.messages.delivered'];
const events = (count: number, span: Span): Columns => ({
  tenant,
  log_index: 'i',
  event_id: `'bus.0:1:' || i`,
  type: `'concordat.' || ${oneOf('power(r4, 0.2)', types)} || '.v1'`,
  source: `'/concordat/' || ${oneOf('power(r4, 0.2)', ['iam', 'vault', 'bus.feed', 'bus.0', 'bus.1'])}`,
  subject: agent('r2'),
  actor: `CASE WHEN r4 < 0.01 THEN 'agent:' || ${agent('r3')} || ';for=agent:' || ${agent('r2')} ELSE 'agent:' || ${agent('r3')} END`,
  time: at(count, span),
  logged_at: 'now()',
  correlation_id: `'talk-' || (i / 40)`,
  key_id: `'k'`,
  body: `'\\x00'`,
  body_bytes: '1',
  retention_class: `'d90'`,
});

/**
 * Fills the trail as a month of work would, without what only the log needs (leaves, tiles, sums). The database makes the
 * rows, some ten seconds per million on a quiet machine; columns that it does not have are left out. One message more for
 * every five is one of the tenant that has but one kind.
 * @param url of a database with the tables of the service
 * @param span within the last 90 days, for which there are partitions
 */
export async function fillTrail(url: string, count: number, span: Span): Promise<void> {
  // Not by the store, which ends what takes longer than a caller waits.
  const client = new Client({ connectionString: url });
  await client.connect();
  await fill(client, 'message_audit_log', messages(count, span), count);
  await fill(client, 'message_audit_log', messagesAlike(count / 5, span), count / 5);
  await fill(client, 'audit_events', events(count, span), count);
  await client.end();
}

async function fill(client: Client, table: string, columns: Columns, count: number): Promise<void> {
  const present = await client.query<{ name: string }>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1',
    [table],
  );
  const names = Object.keys(columns).filter((name) => present.rows.some((column) => column.name === name));
  await client.query(`INSERT INTO ${table} (${names.join(', ')})
    SELECT ${names.map((name) => columns[name]).join(', ')}
    FROM (SELECT i, random() AS r1, random() AS r2, random() AS r3, random() AS r4
      FROM generate_series(0, ${count - 1}) AS i OFFSET 0) numbers`);
  await client.query(`VACUUM (ANALYZE) ${table}`);
}
