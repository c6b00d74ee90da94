import { messagePriority, type MessageStatus, messageStatus, messageType } from '@concordat/contracts';
import { startPostgres } from '@concordat/processes';
import fc from 'fast-check';
import { mergeChanges, type MessageChange } from '../message/message-change';
import { applyChanges, type StoredChange } from '../message/message.projection';
import type { Layout } from '../retention/layout';
import { readLayout } from '../retention/partitions';
import { RetentionPartition, RetentionSetting } from '../retention/retention-rows';
import { AuditStore } from '../store/audit-store';
import { makeOrm } from '../store/orm';
import { countOf, quantileOf, relativeError } from './delivery-sketch';
import { FoldJob } from './fold.job';
import { prioritiesOf, statusesOf, typesOf } from './counters';
import { type Statistics, StatisticsQueries } from './statistics-queries';

jest.setTimeout(60_000);

/** A few minutes about the end of a day, so that windows and messages meet the edges of buckets of all widths. */
const origin = Date.parse('2026-03-01T00:00:00Z') - 2 * 60_000;
const spanMs = 4 * 60_000;
const tenants = ['acme', 'globex'] as const;
const agents = ['a', 'b', 'c', 'd'] as const;

const edges = Array.from({ length: 5 }, (_, minute) => [-1, 0, 1].map((ms) => minute * 60_000 + ms)).flat();
const offset = fc.oneof(
  fc.constantFrom(...edges),
  fc.integer({ min: 0, max: spanMs }),
  // Days before and after.
  fc.constantFrom(-3, -2, 2, 3).map((days) => days * 86_400_000),
);
const time = offset.map((ms) => new Date(origin + ms).toISOString());
const acceptance = fc.record({
  type: fc.constantFrom(...messageType.options),
  priority: fc.constantFrom(...messagePriority.options),
  correlationId: fc.constant(null),
  replyTo: fc.constant(null),
  ttlSeconds: fc.constant(null),
  payload: fc.constant({ keyId: 'k', box: new Uint8Array([1]) }),
  timestamp: time,
});
const idOf = (place: number): string => `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(place).padStart(12, '0')}`;

/** What is told of one of thirty messages. Whose they are, and when they were accepted, is told once and for all. */
const change = fc.record({
  place: fc.nat({ max: 29 }),
  status: fc.constantFrom<MessageStatus>(...messageStatus.options),
  isAccepted: fc.boolean(),
  delayMs: fc.oneof(fc.constantFrom(-5, 0, 1, 2), fc.integer({ min: 0, max: 10_000_000 })),
});
const lives = fc.array(acceptance, { minLength: 30, maxLength: 30 });
const window = fc.tuple(offset, offset).map(([a, b]) => ({
  lower: origin + Math.min(a, b),
  upper: origin + Math.max(a, b) + 1,
}));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 20 }) },
  { weight: 2, arbitrary: fc.constant('fold' as const) },
  { weight: 2, arbitrary: window },
);

describe('statistics of messages', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let store: AuditStore;
  let queries: StatisticsQueries;
  let layout: Layout;
  const loggedMs = Date.now();

  beforeAll(async () => {
    postgres = await startPostgres();
    store = storeOf('statistics');
    await store.migrate();
    queries = new StatisticsQueries(store);
    layout = await store.read((em) => readLayout(em, 0));
  });
  afterAll(async () => {
    await store.close();
    await postgres.stop();
  });

  const storeOf = (instance: string): AuditStore => {
    const log = (): void => undefined;
    return new AuditStore(
      makeOrm({ databaseUrl: postgres.url, instance, entities: [RetentionSetting, RetentionPartition], log }),
    );
  };
  const impatient = { quietMs: 0, longestMs: 0 };
  const jobOf = (on: AuditStore, fewestInMinute = 2): FoldJob =>
    new FoldJob(on, { debug: () => undefined } as never, {
      patience: { 1: impatient, 60: impatient, 1_440: impatient },
      fewestInMinute,
    });
  const execute = (sql: string) => store.read((em) => em.getConnection().execute<object[]>(sql));
  const clear = () =>
    execute('TRUNCATE message_audit_log, message_places, message_statistics, statistics_marks');
  const toChange = (
    { place, status, isAccepted, delayMs }: ReturnType<typeof change.generate>['value'],
    life: StoredChange['acceptance'],
  ): StoredChange => ({
    tenant: tenants[place % 2]!,
    messageId: idOf(place),
    from: agents[place % 4]!,
    to: agents[(place >> 2) % 4]!,
    status,
    attempt: 1,
    replay: 0,
    acceptance: isAccepted ? life : null,
    deliveredAt:
      status === 'DELIVERED' ? new Date(Date.parse(life!.timestamp) + delayMs).toISOString() : null,
    error: null,
  });

  it('are those of the messages, whatever the window, however often they change, folded or not', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.array(step, { minLength: 3, maxLength: 14 }), async (accepted, steps) => {
        await clear();
        const model = new Map<string, StoredChange>();
        const job = jobOf(store);
        for (const what of [...steps, 'fold' as const, ...days]) {
          if (what === 'fold') await job.fold();
          else if (Array.isArray(what)) {
            const changes = what.map((item) => toChange(item, accepted[item.place]!));
            for (const item of changes) remember(model, item);
            await store.transaction((em) => applyChanges(em, changes, layout, loggedMs));
          } else await expectAll(model, what as { lower: number; upper: number });
        }
      }),
      { numRuns: 25 },
    );
  });

  const days = [{ lower: origin - 5 * 86_400_000, upper: origin + 5 * 86_400_000 }];
  const remember = (model: Map<string, StoredChange>, item: StoredChange): void => {
    const before = model.get(item.messageId);
    model.set(item.messageId, before ? mergeChanges(before, item) : item);
  };

  async function expectAll(
    model: ReadonlyMap<string, StoredChange>,
    range: { lower: number; upper: number },
  ): Promise<void> {
    for (const tenant of tenants) {
      const within = [...model.values()].filter(
        ({ tenant: its, acceptance: life }) =>
          its === tenant && life !== null && inside(range, life.timestamp),
      );
      expectSame(await queries.read({ tenant, agents: null }, range, 2), within);
      const [agent] = agents;
      const own = within.filter(({ from, to }) => from === agent || to === agent);
      expectSame(await queries.read({ tenant, agents: [agent] }, range, 2), own, false);
    }
  }

  const inside = ({ lower, upper }: { lower: number; upper: number }, at: string): boolean =>
    Date.parse(at) >= lower && Date.parse(at) < upper;
  const tally = (values: readonly string[]): Record<string, number> =>
    values.reduce<Record<string, number>>((all, name) => ({ ...all, [name]: (all[name] ?? 0) + 1 }), {});
  const nonZero = (counts: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const top = (names: readonly string[]) =>
    Object.entries(tally(names))
      .map(([agent, messages]) => ({ agent, messages }))
      .sort((a, b) => b.messages - a.messages || (a.agent < b.agent ? -1 : 1))
      .slice(0, 2);

  function expectSame(found: Statistics, messages: readonly MessageChange<unknown>[], hasTop = true): void {
    const times = messages
      .flatMap(({ deliveredAt, acceptance: life }) =>
        deliveredAt === null ? [] : Math.max(0, Date.parse(deliveredAt) - Date.parse(life!.timestamp)),
      )
      .sort((a, b) => a - b);
    expect({
      messages: found.sums['messages'],
      status: nonZero(statusesOf(found.sums)),
      type: nonZero(typesOf(found.sums)),
      priority: nonZero(prioritiesOf(found.sums)),
      timed: countOf(found.sketch),
      deliveryMs: found.deliveryMs,
    }).toEqual({
      messages: messages.length,
      status: tally(messages.map(({ status }) => status)),
      type: tally(messages.map(({ acceptance: life }) => life!.type)),
      priority: tally(messages.map(({ acceptance: life }) => life!.priority)),
      timed: times.length,
      deliveryMs: times.reduce((a, b) => a + b, 0),
    });
    for (const q of [0, 0.5, 0.9, 0.99, 1]) {
      const exact = times[Math.floor(q * (times.length - 1))] ?? null;
      const estimate = quantileOf(found.sketch, q);
      if (exact === null) expect(estimate).toBeNull();
      else expect(Math.abs(estimate! - exact)).toBeLessThanOrEqual(relativeError * exact + 1e-9 * exact);
    }
    expect(found.topSenders).toEqual(hasTop ? top(messages.map(({ from }) => from)) : []);
    expect(found.topReceivers).toEqual(hasTop ? top(messages.map(({ to }) => to)) : []);
  }

  const many = (count: number, status: MessageStatus): StoredChange[] =>
    Array.from({ length: count }, (_, place) => ({
      ...{ tenant: 'acme', messageId: idOf(place), from: 'a', to: 'b', status, attempt: 1, replay: 0 },
      acceptance: {
        ...{ type: 'EVENT', priority: 'LOW', correlationId: null, replyTo: null, ttlSeconds: null },
        payload: { keyId: 'k', box: new Uint8Array([1]) },
        timestamp: new Date(origin + place * 500).toISOString(),
      },
      deliveredAt: null,
      error: null,
    }));

  it('are right while two processes sum up what a third one is changing', async () => {
    await clear();
    const others = [storeOf('second'), storeOf('third')];
    const jobs = others.map((other) => jobOf(other));
    const model = new Map<string, StoredChange>();
    let isDone = false;
    const folding = jobs.map(async (job) => {
      while (!isDone) await job.fold();
    });
    for (const status of messageStatus.options)
      for (let first = 0; first < 480; first += 60) {
        const changes = many(480, status).slice(first, first + 60);
        for (const item of changes) remember(model, item);
        await store.transaction((em) => applyChanges(em, changes, layout, loggedMs));
        await expectAll(model, { lower: origin + 250, upper: origin + spanMs - 250 });
      }
    isDone = true;
    await Promise.all(folding);
    await jobs[0]!.fold();
    await expectAll(model, days[0]!);
    expect(await execute('SELECT FROM statistics_marks')).toEqual([]);
    await Promise.all(others.map((other) => other.close()));
  });

  it('come from what is summed up, not from messages, where nothing changed since', async () => {
    await clear();
    await store.transaction((em) => applyChanges(em, many(480, 'PENDING'), layout, loggedMs));
    await jobOf(store).fold();
    // Nobody does this: it shows where the figures come from.
    await execute(
      `DELETE FROM message_audit_log WHERE timestamp >= '${new Date(origin + 60_000).toISOString()}'`,
    );
    const { sums } = await queries.read(
      { tenant: 'acme', agents: null },
      { lower: origin, upper: days[0]!.upper },
      1,
    );
    expect(sums['messages']).toBe(480);
  });

  it('are unchanged by a process that ends while it sums up', async () => {
    await clear();
    await store.transaction((em) => applyChanges(em, many(240, 'SENT'), layout, loggedMs));
    const dying = storeOf('dying');
    const begin = dying.work.bind(dying);
    jest.spyOn(dying, 'work').mockImplementation((task) =>
      begin(async (em) => {
        await task(em);
        throw new Error('the process ended');
      }),
    );
    await expect(jobOf(dying).fold()).rejects.toThrow('the process ended');
    const model = new Map(many(240, 'SENT').map((item) => [item.messageId, item]));
    await expectAll(model, days[0]!);
    await jobOf(store).fold();
    await expectAll(model, days[0]!);
    await dying.close();
  });
});
