import { limits, type Principal } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import { administrator, agentPrincipal } from '@concordat/testing';
import { type BusBench, recipientIn, startBusBench } from '../bus/bus.fixture';
import { inboxOf, type Queue } from '../bus/queue';
import { deadLetterHandlers } from './dead-letter.handler';
import { findDeadLetters, searchDeadLetters } from './dead-letter-search';
import { DeadLetterStore } from './dead-letter-store';

const second = 1_000;
const partitions = 2;

describe('dead letters', () => {
  let bench: BusBench;
  let handlers: ReturnType<typeof deadLetterHandlers>;
  const [ada, bob] = [recipientIn(0, partitions), recipientIn(1, partitions)];
  beforeAll(async () => {
    bench = await startBusBench(partitions);
    handlers = deadLetterHandlers(new DeadLetterStore(bench.store.scripts, partitions));
  });
  beforeEach(() => bench.redis.flushall());
  afterAll(() => bench.stop());

  const context = (principal: Principal): OperationContext => ({
    ...{
      operation: 'deadLetter.list',
      commandId: null,
      minPosition: {},
      conversation: null,
      traceparent: null,
    },
    ...{ address: null, principal: principal as OperationContext['principal'] },
  });
  const admin = administrator();
  type Filter = Parameters<(typeof handlers)['deadLetter.list']>[0];
  const list = async (principal: Principal = admin, filter: Partial<Filter> = {}) =>
    (await handlers['deadLetter.list']({ limit: 50, ...filter }, context(principal))).output;
  const replay = async (filter: object, principal: Principal = admin) =>
    handlers['deadLetter.replay']({ dryRun: false, ...filter }, context(principal));
  const purge = async (filter: object, principal: Principal = admin) =>
    handlers['deadLetter.purge']({ dryRun: 'false', ...filter }, context(principal));
  const ids = (found: { items: readonly { id: string }[] }) => found.items.map(({ id }) => id);

  const fetch = (did: string, queue: Queue = inboxOf('default', did)) =>
    bench.store.fetchQueue(queue, did, 100, 600);
  /** Messages that fail at once, in their order: their last attempt is their first. */
  async function die(
    did: string,
    count: number,
    reason = 'no',
    over: Parameters<BusBench['outgoing']>[1] = {},
  ) {
    const dead: string[] = [];
    for (let n = 0; n < count; n++)
      dead.push((await bench.store.publish(bench.outgoing(did, { payload: String(n), ...over }))).id);
    await kill(did, reason, over.tenant);
    return dead;
  }
  async function kill(did: string, reason: string, tenant = 'default') {
    const queue = inboxOf(tenant, did);
    for (let found = await fetch(did, queue); found.length > 0; found = await fetch(did, queue)) {
      const settled = found.map((message) => ({ ...message, consumer: did, reason }) as const);
      await Promise.all(
        settled.map((message) => bench.store.settle({ ...message, verb: 'nack', delayMs: 0 })),
      );
    }
  }
  const state = (id: string, did = ada) => bench.store.state('default', bench.partitionOf(did), id);
  const told = async (event: string, partition = 0) =>
    (await bench.life(partition)).filter((life) => life.event === event).map(({ message }) => message);
  const dead = (did: string) =>
    bench.redis.hget(`cc:{bus.${bench.partitionOf(did)}}:q:default:i:${did}`, 'dead').then(Number);

  it('say whose they were, what became of them and why', async () => {
    const [id] = await die(ada, 1, 'The disk is full.', { correlationId: 'c', type: 'COMMAND' });
    const [letter] = (await list()).items;
    expect(letter).toMatchObject({
      ...{ id, queue: ada, type: 'COMMAND', correlationId: 'c', error: 'The disk is full.' },
      attempts: limits.deliveryAttempts,
    });
    expect(letter!.history).toHaveLength(limits.deliveryAttempts);
    expect(letter).not.toHaveProperty('payload');
    const { output } = await handlers['deadLetter.get']({ id: id! }, context(admin));
    expect(output).toEqual({ ...letter, payload: 0 });
    expect(await told('failed')).toEqual([id]);
  });

  it('of an inbox / are seen by its agent and by administrators; for everybody else they are not there', async () => {
    const [[hers], [his]] = [await die(ada, 1), await die(bob, 1)];
    await die(ada, 1, 'no', { tenant: 'acme' });
    expect(ids(await list(agentPrincipal(ada)))).toEqual([hers]);
    expect(ids(await list(agentPrincipal(bob)))).toEqual([his]);
    expect(ids(await list()).sort()).toEqual([hers, his].sort());
    expect(ids(await list(administrator('acme')))).toHaveLength(1);
    const unknown = expect.objectContaining({ code: 'DEAD_LETTER_UNKNOWN' }) as Error;
    const reader = { ...admin, scopes: ['read' as const] };
    for (const principal of [agentPrincipal(bob), administrator('acme'), agentPrincipal(ada, 'acme'), reader])
      await expect(handlers['deadLetter.get']({ id: hers! }, context(principal))).rejects.toEqual(unknown);
    const queue = ada as Filter['queue'];
    for (const change of [replay, purge])
      for (const principal of [agentPrincipal(bob), administrator('acme')]) {
        const before = principal.tenant === 'acme' ? { from: 'did:key:zNobody', queue } : { queue };
        expect((await change(before, principal)).output.items).toEqual([]);
      }
    expect(await dead(ada)).toBe(1);
  });

  it('are found by queue, sender, type, part of the cause, and time of failure', async () => {
    const sender = recipientIn(0, partitions);
    const [a] = await die(ada, 1, 'Timeout at STEP 1', { type: 'COMMAND' });
    const [b] = await die(ada, 1, 'refused', { from: sender });
    const [c] = await die(bob, 1, 'timeout');
    const found = async (filter: object) => ids(await list(admin, filter)).sort();
    expect(await found({ queue: ada })).toEqual([a, b].sort());
    expect(await found({ from: sender })).toEqual([b]);
    expect(await found({ type: 'COMMAND' })).toEqual([a]);
    expect(await found({ error: 'TIMEOUT' })).toEqual([a, c].sort());
    expect(await found({ error: 'step 1', queue: bob })).toEqual([]);
    const [future, past] = [60, -60].map((s) => new Date(Date.now() + s * second).toISOString());
    expect(await found({ failedBefore: past })).toEqual([]);
    expect(await found({ failedAfter: past, failedBefore: future })).toHaveLength(3);
  });

  it.each([1, 2, 3, 7, 50])(
    'in pages of %i / come each once, the latest of a partition first',
    async (limit) => {
      // Those of one call fail in the same millisecond of the partition.
      const first = await die(ada, 12);
      await bench.advance(0, 5);
      const later = await die(ada, 7);
      const others = await die(bob, 9);
      const all: string[] = [];
      for (let cursor: string | null | undefined = undefined; cursor !== null;) {
        const page = await list(admin, { limit, ...(cursor && { cursor }) });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        all.push(...ids(page));
        cursor = page.nextCursor;
      }
      expect(all).toHaveLength(28);
      expect(new Set(all)).toEqual(new Set([...first, ...later, ...others]));
      expect(new Set(all.slice(0, 7))).toEqual(new Set(later));
    },
  );

  it('behind more of them than one page looks at / are found nevertheless', async () => {
    const [old] = await die(ada, 1);
    await bench.advance(0, 5);
    await die(ada, 20);
    const store = new DeadLetterStore(bench.store.scripts, partitions);
    const options = { limit: 1, seenPerPage: 6 };
    const page = await searchDeadLetters(store, admin, { ids: [old!] }, options);
    const found = await findDeadLetters(store, admin, { ids: [old!] }, options);
    expect([page.items, typeof page.nextCursor]).toEqual([[], 'string']);
    expect(ids(found)).toEqual([old]);
    expect(await findDeadLetters(store, admin, { ids: ['none'] }, options)).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('with a cursor that was made up / are refused', async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const encoded = [[], [null], [1, 2], [['1'], null], {}].map(encode);
    for (const cursor of ['x', '!', ...encoded])
      await expect(list(admin, { cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  describe('that are replayed', () => {
    it('wait again as if they were new, are told, and are no dead letters any more', async () => {
      const [id, other] = await die(ada, 2);
      const { output, position, source } = await replay({ ids: [id] });
      expect(output).toEqual({ items: [{ id, queue: ada }], dryRun: false, hasMore: false });
      expect([position, source]).toEqual([expect.anything(), 'bus.0']);
      expect(ids(await list())).toEqual([other]);
      expect(await state(id!)).toMatchObject({ status: 'PENDING' });
      const [again] = await fetch(ada);
      expect(again).toMatchObject({ id, attempt: 1, payload: '0' });
      expect(await bench.store.settle({ ...again!, consumer: ada, verb: 'ack' })).toBe('settled');
      expect(await state(id!)).toMatchObject({ status: 'DELIVERED' });
      expect(await told('replayed')).toEqual([id]);
      expect(await dead(ada)).toBe(1);
    });

    it('and fail again / are dead letters again, with all their history', async () => {
      const [id] = await die(ada, 1);
      await replay({ ids: [id] });
      await kill(ada, 'again');
      const [letter] = (await list()).items;
      expect(letter).toMatchObject({ id, error: 'again', attempts: limits.deliveryAttempts });
      const causes = letter!.history.map(({ cause }) => cause);
      const five = Array.from({ length: limits.deliveryAttempts }, () => 'nack');
      expect(causes).toEqual([...five, 'replay', ...five]);
      await replay({ ids: [id] });
      const events = (await bench.life(0)).filter(({ event }) => event === 'failed' || event === 'replayed');
      const numbered = events.map(({ event, replay: times = 0 }) => `${event} ${times}`);
      expect(numbered).toEqual(['failed 0', 'replayed 1', 'failed 1', 'replayed 2']);
      expect(await dead(ada)).toBe(0);
    });

    it('keep their ordering key: behind those that wait, one at a time, in their order', async () => {
      const died = await die(ada, 4, 'no', { key: 'k' });
      const { id: waiting } = await bench.store.publish(bench.outgoing(ada, { key: 'k' }));
      await replay({ queue: ada });
      const order: string[] = [];
      for (let found = await fetch(ada); found.length > 0; found = await fetch(ada)) {
        expect(found).toHaveLength(1);
        order.push(found[0]!.id);
        await bench.store.settle({ ...found[0]!, consumer: ada, verb: 'ack' });
      }
      expect(order).toEqual([waiting, ...died]);
    });

    it('only tried / stay where they are', async () => {
      const [id] = await die(ada, 1);
      const { output, position } = await replay({ queue: ada, dryRun: true });
      expect([output, position]).toEqual([
        { items: [{ id, queue: ada }], dryRun: true, hasMore: false },
        null,
      ]);
      expect(await dead(ada)).toBe(1);
      expect(await fetch(ada)).toEqual([]);
    });

    it('twice / are replayed once, and by two at once too', async () => {
      const [id] = await die(ada, 1);
      const both = await Promise.all([replay({ ids: [id] }), replay({ ids: [id] })]);
      expect(both.flatMap(({ output }) => output.items)).toHaveLength(1);
      expect((await replay({ ids: [id] })).output.items).toEqual([]);
      expect(await fetch(ada)).toHaveLength(1);
    });

    it('without saying which / are not', async () => {
      await die(ada, 1);
      for (const change of [replay, purge])
        await expect(change({})).rejects.toMatchObject({ code: 'DEAD_LETTER_FILTER_MISSING' });
      expect(await dead(ada)).toBe(1);
    });
  });

  describe('that are purged', () => {
    it('are gone, told, and count against the inbox no more', async () => {
      const [id, other] = await die(ada, 2);
      expect((await purge({ id, dryRun: 'true' })).output.items).toHaveLength(1);
      const { output } = await purge({ id });
      expect(output).toEqual({ items: [{ id, queue: ada }], dryRun: false, hasMore: false });
      expect(ids(await list())).toEqual([other]);
      expect(await told('purged')).toEqual([id]);
      expect(await dead(ada)).toBe(1);
      expect((await replay({ ids: [id] })).output.items).toEqual([]);
      expect(await bench.redis.hexists(`cc:{bus.0}:m:default:${id}`, 'p')).toBe(0);
      expect(await state(id!)).toMatchObject({ recipients: { open: 0, failed: 0, purged: 1 } });
    });

    it('because nobody wanted them for too long / are told to be', async () => {
      const died = await die(ada, 3);
      await bench.advance(0, limits.deadLetterSeconds * second - second);
      expect(await bench.store.sweep(0)).toMatchObject({ purged: 0 });
      await bench.advance(0, second);
      expect(await bench.store.sweep(0)).toMatchObject({ purged: 3 });
      expect((await list()).items).toEqual([]);
      expect((await told('purged')).sort()).toEqual([...died].sort());
      expect(await dead(ada)).toBe(0);
      expect(await bench.redis.keys('cc:{bus.0}:d:*')).toEqual([]);
    });

    it('in one group of a topic / leave the message to the other groups', async () => {
      const change = async (verb: string, group = '') => {
        for (const p of [0, 1])
          await bench.store.scripts.run('changeTopics', p, [
            'default',
            verb,
            'news',
            group,
            '',
            'user:a',
            '0',
            10,
            10,
          ]);
      };
      await change('put-topic');
      for (const group of ['bad', 'good']) await change('put-group', group);
      const { id, partition } = await bench.store.publish(bench.outgoing('topic:news', {}));
      const queue = (group: string) => ({ kind: 'group', tenant: 'default', topic: 'news', group }) as const;
      for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
        const [message] = await fetch(ada, queue('bad'));
        await bench.store.settle({ ...message!, consumer: ada, verb: 'nack', delayMs: 0, reason: 'no' });
      }
      expect((await list()).items).toMatchObject([{ id, queue: 'topic:news/bad' }]);
      expect((await list(agentPrincipal(ada))).items).toEqual([]);
      await purge({ queue: 'topic:news/bad' });
      expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'PENDING' });
      const [message] = await fetch(bob, queue('good'));
      expect(message).toMatchObject({ id, payload: '{}' });
    });
  });
});
