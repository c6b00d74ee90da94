import { limits } from '@concordat/contracts';
import { startPostgres } from '@concordat/processes';
import { type EventFilter, eventPage, type EventPlace } from '../event/event-queries';
import { type MessageFilter, messagePage, type MessagePlace } from '../message/message-queries';
import { summaryQuery } from '../statistics/summary';
import { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import { makeOrm } from '../store/orm';
import { SourceCursor } from '../ingest/ingest-rows';
import { isLong } from '../testing/environment';
import { agentName, fillTrail } from '../testing/fill-trail';
import { firstRows, type FirstRows, settingsFor, type Sql, toSql } from './first-rows';
import type { Reach } from './trail';

const rowCount = isLong ? 1_000_000 : 50_000;
jest.setTimeout(isLong ? 600_000 : 90_000);

/** Rows of a page, and one more that tells whether there are others. */
const limit = 51;
/** Whatever the size of the trail: some rows for each that is shown, and the pages of the database that they lie in. */
const mostRowsRead = 40 * limit;
const mostBuffers = 8_000;

const dayMs = 86_400_000;
const endMs = Math.floor(Date.now() / dayMs) * dayMs;
/** Of the thirty days before the last midnight. */
const daysAgo = (days: number): string => new Date(endMs - days * dayMs).toISOString();

const [busy, quiet] = [agentName(0), agentName(900)];
const whole = (tenant: string): Reach => ({ tenant, names: null });
const agentReach = (name: string): Reach => ({ tenant: 'tenant-0', names: [name, `agent:${name}`] });

const messageFilters: readonly Partial<MessageFilter>[] = [
  {},
  ...[busy, quiet].flatMap((agent) => [{ agent }, { fromAgent: agent }, { toAgent: agent }]),
  { fromAgent: busy, toAgent: busy },
  { fromAgent: busy, toAgent: quiet },
  ...['DELIVERED', 'PENDING', 'FAILED', 'SENT', 'FAILED,EXPIRED'].map((status) => ({ status })),
  ...['EVENT', 'QUERY', 'COMMAND,RESPONSE'].map((type) => ({ type })),
  ...['NORMAL', 'URGENT', 'HIGH,URGENT'].map((priority) => ({ priority })),
  { correlationId: 'talk-400' },
  { correlationId: 'nobody-knows' },
  { labels: '{"order":70}' },
  { labels: '{"order":70,"kind":"k1"}' },
  { labels: '{"order":"nobody-knows"}' },
  { from: daysAgo(1) },
  { to: daysAgo(12) },
  { from: daysAgo(17), to: daysAgo(16.75) },
];
const eventFilters: readonly Partial<EventFilter>[] = [
  {},
  ...['concordat.bus.messages.delivered.v1', 'concordat.iam.agent.revoked.v1', 'nobody.knows'].map(
    (type) => ({ type }),
  ),
  { type: 'concordat.iam.agent.revoked.v1,concordat.bus.messages.sent.v1' },
  ...[busy, quiet].flatMap((name) => [{ subject: name }, { actor: `agent:${name}` }]),
  { persona: quiet },
  { user: '01890000-0000-7000-8000-000000000001' },
  ...['/concordat/bus.1', '/concordat/iam', '/concordat/nobody'].map((source) => ({ source })),
  { correlationId: 'talk-400' },
  { from: daysAgo(1) },
  { to: daysAgo(12) },
  { from: daysAgo(17), to: daysAgo(16.75) },
];

describe(`queries of a trail of ${rowCount} messages and as many events`, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let store: AuditStore;
  const times: number[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    const log = (): void => undefined;
    store = new AuditStore(
      makeOrm({ databaseUrl: postgres.url, instance: 'plans', entities: [SourceCursor], log }),
    );
    await store.migrate();
    await fillTrail(postgres.url, rowCount, { beginMs: endMs - 30 * dayMs, endMs });
  });
  afterAll(async () => {
    times.sort((a, b) => a - b);
    const at = (share: number): string => times[Math.floor(share * (times.length - 1))]?.toFixed(1) ?? '-';
    process.stdout.write(
      `${times.length} pages of ${rowCount} rows: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
    );
    await store.close();
    await postgres.stop();
  });

  /** What PostgreSQL did for a query. */
  async function workOf({ text, values }: Sql, plan: Pick<FirstRows, 'isIndexed'>): Promise<Work> {
    const explain = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`;
    const [row] = await store.snapshot(
      (snapshot) => queryRows<{ 'QUERY PLAN': [Explained] }>(snapshot, explain, values),
      settingsFor(plan),
    );
    const [{ Plan: root, 'Execution Time': ms }] = row!['QUERY PLAN'];
    times.push(ms);
    const nodes = nodesOf(root);
    return {
      // Of an empty partition there is nothing to read in any order.
      seqScans: nodes
        .filter((node) => node['Node Type'] === 'Seq Scan' && readBy(node) > 0)
        .map((node) => node['Relation Name']),
      rowsRead: nodes.filter((node) => node['Relation Name']).reduce((sum, node) => sum + readBy(node), 0),
      buffers: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
    };
  }

  const isBounded = async (query: FirstRows): Promise<void> => {
    const work = await workOf(toSql(query), query);
    expect(work.seqScans).toEqual([]);
    expect(work.rowsRead).toBeLessThanOrEqual(mostRowsRead);
    expect(work.buffers).toBeLessThanOrEqual(mostBuffers);
  };

  /** A place far in the list: that of a row in the middle of the trail. */
  const deepMessage: MessagePlace = { at: daysAgo(15), messageId: 'msg-1-0-5' };
  const deepEvent: EventPlace = { at: deepMessage.at, logIndex: rowCount / 2 };
  const orders = ['asc', 'desc'] as const;
  const tenants = ['tenant-0', 'tenant-9'];

  it.each(messageFilters)('reads about what it shows of messages: %j', async (filter) => {
    for (const order of orders)
      for (const place of [undefined, deepMessage])
        for (const tenant of tenants)
          await isBounded(messagePage(whole(tenant), { ...filter, order }, place, limit));
  });

  it.each(eventFilters)('reads about what it shows of events: %j', async (filter) => {
    for (const order of orders)
      for (const place of [undefined, deepEvent])
        for (const tenant of tenants)
          await isBounded(eventPage(whole(tenant), { ...filter, order }, rowCount, place, limit));
  });

  it.each([busy, quiet])('reads about what it shows to an agent: %s', async (name) => {
    for (const order of orders) {
      await isBounded(messagePage(agentReach(name), { order }, deepMessage, limit));
      await isBounded(eventPage(agentReach(name), { order }, rowCount, deepEvent, limit));
    }
  });

  it('looks for kinds that no message is without reading those that are, also where all are of one kind', async () => {
    const kind = ['status', 'message_type', 'priority'];
    const same = ['message_id', 'from_agent', 'to_agent', 'status_rank', 'timestamp', 'retry_count'];
    const names = [...same, 'accepted_at', 'retention_class'].join(', ');
    await store.transaction((em) =>
      queryRows(
        em,
        `INSERT INTO message_audit_log (tenant, ${kind.join(', ')}, ${names})
          SELECT 'alike', 'DELIVERED', 'EVENT', 'NORMAL', ${names} FROM message_audit_log
          WHERE tenant = 'tenant-0' ORDER BY timestamp LIMIT 20000`,
      ),
    );
    for (const order of orders)
      for (const place of [undefined, deepMessage]) {
        const query = messagePage(whole('alike'), { status: 'DELIVERED', order }, place, limit);
        const { buffers } = await workOf(toSql(query), query);
        // Of every partition the way down its index, for each kind.
        expect(buffers).toBeLessThanOrEqual(1_500);
      }
  });

  it('counts the messages of a window by reading them, and no others', async () => {
    const lower = endMs - 15 * dayMs;
    const cover = { blocks: [], gaps: [{ lower, upper: lower + 3_600_000 }] };
    const [row] = await store.snapshot((em) =>
      queryRows<{ messages: number }>(
        em,
        `SELECT count(*)::int4 AS messages FROM message_audit_log
          WHERE tenant = 'tenant-0' AND timestamp >= ? AND timestamp < ?`,
        [new Date(lower), new Date(lower + 3_600_000)],
      ),
    );
    for (const whose of ['tenant', 'everybody', { agents: [busy] }, { agents: [quiet] }] as const) {
      const work = await workOf(summaryQuery('tenant-0', cover, whose), { isIndexed: false });
      expect(work.rowsRead).toBeLessThanOrEqual(2 * row!.messages);
    }
  });

  it('finds with several ways to a row what one scan of everything finds, once, in order', async () => {
    const query = messagePage(agentReach(busy), { order: 'desc' }, deepMessage, limit);
    const found = await firstRows<{ messageId: string }>(store, query);
    const expected = await store.snapshot((em) =>
      queryRows<{ id: string }>(
        em,
        `SELECT message_id AS id FROM message_audit_log WHERE tenant = 'tenant-0' AND timestamp <= ?
          AND (from_agent = ? OR to_agent = ?) AND (timestamp, message_id) < (?, ?)
          ORDER BY timestamp DESC, message_id DESC LIMIT ?`,
        [deepMessage.at, busy, busy, deepMessage.at, deepMessage.messageId, limit],
      ),
    );
    expect(expected).toHaveLength(limit);
    expect(found.map(({ messageId }) => messageId)).toEqual(expected.map(({ id }) => id));
  });

  it('reads the content of a page in its order, until that is more than goes out at once', async () => {
    const query = messagePage(whole('tenant-0'), { order: 'asc' }, deepMessage, limit);
    // As if each payload were so large that the third one is too much.
    const columns = { ...query.columns, payloadBytes: String(Math.ceil(limits.chunkBytes / 2) + 1) };
    const found = await firstRows<{ payload: Uint8Array | null }>(store, { ...query, columns });
    const withPayload = found.map(({ payload }) => payload !== null);
    expect(withPayload).toEqual(found.map((_, i) => i < 2));
    expect(found).toHaveLength(limit);
  });
});

interface Work {
  readonly seqScans: readonly unknown[];
  readonly rowsRead: number;
  readonly buffers: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}
interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const readBy = (node: PlanNode): number =>
  (node['Actual Rows'] +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0)) *
  node['Actual Loops'];
