import { limits, type OperationInput, type Principal } from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import type { OperationContext } from '@concordat/runtime';
import { busSource, streamKeys } from '@concordat/streams';
import { agentPrincipal, directoryAgent, newAgent } from '@concordat/testing';
import { type BusBench, recipientIn, startBusBench } from '../bus/bus.fixture';
import type { Queue } from '../bus/queue';
import { TopicStore } from '../topic/topic-store';
import { FeedStates } from './feed-states';
import { QueueSamples } from './queue-samples';
import { streamHandlers } from './stream.handler';

const hourLaterMs = Date.now() + 3_600_000;
const keyOf = (scopes: Principal['scopes'], tenant = 'default'): Principal => ({
  ...{ kind: 'apiKey', id: 'key', tenant, scopes },
});
const [operator, reader] = [keyOf(['admin']), keyOf(['read'])];
const workers: Queue = { kind: 'group', tenant: 'default', topic: 'orders', group: 'workers' };

/** Milliseconds since 1970 that the UUIDv7 of a message holds. */
const timeIn = (id: string): number => Number.parseInt(id.split('-').slice(3, 5).join(''), 16);

describe('the streams of a tenant in a real Redis', () => {
  let bench: BusBench;
  let topics: TopicStore;
  let handlers: ReturnType<typeof streamHandlers>;
  let monotonicMs: number;
  const directory = new Directory();

  beforeAll(async () => {
    bench = await startBusBench();
    topics = new TopicStore(bench.redis, bench.store.scripts, bench.partitions);
  });
  beforeEach(async () => {
    await bench.redis.flushall();
    monotonicMs = 0;
    const { partitions } = bench;
    const clock = { nowMs: () => hourLaterMs };
    handlers = streamHandlers({
      ...{ topics, directory, partitions, feeds: new FeedStates(bench.redis) },
      queues: new QueueSamples(bench.store.scripts, partitions, clock, () => monotonicMs),
    });
    await topics.change('default', { verb: 'put-topic', topic: 'orders', actor: 'a' });
    for (const group of ['workers', 'watchers'])
      await topics.change('default', { verb: 'put-group', topic: 'orders', group, actor: 'a' });
  });
  afterAll(() => bench.stop());

  const by = (principal: Principal) => ({ principal }) as OperationContext;
  const get = async (name: OperationInput<'stream.get'>['name'], principal: Principal = reader) =>
    (await handlers['stream.get']({ name }, by(principal))).output;
  const groups = async (name: OperationInput<'stream.get'>['name'], principal: Principal = reader) =>
    (await handlers['stream.groups']({ name, limit: 50 }, by(principal))).output.items;
  const list = async (principal: Principal, limit = 50, cursor?: string) =>
    (await handlers['stream.list']({ limit, cursor }, by(principal))).output;
  const publish = (to = 'topic:orders', over = {}) => bench.store.publish(bench.outgoing(to, over));
  const later = (ms: number) => (monotonicMs += ms);

  it('a new topic / holds nothing; what nobody has measured yet is null', async () => {
    expect(await get('topic:orders')).toEqual({
      ...{ name: 'topic:orders', kind: 'topic', groups: 2, length: null },
      ...{ waiting: 0, leased: 0, oldestWaitSeconds: null, consumers: 0, deadLetters: 0 },
      ...{ delivered: 0, failed: 0, expired: 0, deliveredPerSecond: null },
    });
  });

  it('a group / tells what waits and for how long, what is leased, and to how many', async () => {
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push((await publish()).id);
    const [one, other] = [newAgent().did, newAgent().did];
    const leased = await bench.store.fetchQueue(workers, one, 2);
    leased.push(...(await bench.store.fetchQueue(workers, other, 1)));
    const left = ids.filter((id) => !leased.some((message) => message.id === id));
    expect(await groups('topic:orders')).toMatchObject([
      {
        group: 'watchers',
        waiting: 4,
        leased: 0,
        consumers: 0,
        oldestWaitSeconds: (hourLaterMs - timeIn(ids[0]!)) / 1_000,
      },
      {
        group: 'workers',
        waiting: 1,
        leased: 3,
        consumers: 2,
        oldestWaitSeconds: (hourLaterMs - timeIn(left[0]!)) / 1_000,
      },
    ]);
    expect(await get('topic:orders')).toMatchObject({ waiting: 5, leased: 3, consumers: 2, delivered: 0 });
  });

  it('consumers / are those of the last minute', async () => {
    await publish();
    await bench.store.fetchQueue(workers, newAgent().did, 1);
    for (let partition = 0; partition < bench.partitions; partition++) {
      await bench.advance(partition, 61_000);
      await bench.store.sweep(partition);
    }
    expect((await groups('topic:orders'))[1]).toMatchObject({ group: 'workers', consumers: 0 });
  });

  it('deliveries, failures and the rate between two looks / are counted; the rate is unknown at first', async () => {
    await topics.change('default', { verb: 'delete-group', topic: 'orders', group: 'watchers', actor: 'a' });
    for (let n = 0; n < 3; n++) await publish();
    expect(await get('topic:orders')).toMatchObject({ delivered: 0, deliveredPerSecond: null });
    const consumer = newAgent().did;
    const settle = (verb: 'ack' | 'nack', { id, token }: { id: string; token: string }) =>
      bench.store.settle({
        ...{ queue: workers, consumer, id, secret: token },
        ...(verb === 'ack' ? { verb } : { verb, delayMs: 0, reason: 'no' }),
      });
    const [first, second, poison] = await bench.store.fetchQueue(workers, consumer, 3);
    await settle('ack', first!);
    await settle('ack', second!);
    await settle('nack', poison!);
    for (let attempt = 2; attempt <= limits.deliveryAttempts; attempt++)
      await settle('nack', (await bench.store.fetchQueue(workers, consumer, 1))[0]!);
    later(999);
    expect(await get('topic:orders')).toMatchObject({ delivered: 0 });
    later(1);
    expect(await get('topic:orders')).toMatchObject({
      ...{ waiting: 0, leased: 0, deadLetters: 1, delivered: 2, failed: 1, deliveredPerSecond: 2 },
    });
    later(60_001);
    expect(await get('topic:orders')).toMatchObject({ delivered: 2, deliveredPerSecond: null });
  });

  it('messages behind a leased one of their key / wait, and nobody knows how long', async () => {
    for (let n = 0; n < 2; n++) await publish('topic:orders', { key: 'k' });
    const taken = await bench.store.fetchQueue(workers, newAgent().did, 5);
    expect(taken).toHaveLength(1);
    expect((await groups('topic:orders'))[1]).toMatchObject({
      waiting: 1,
      leased: 1,
      oldestWaitSeconds: null,
    });
  });

  describe('an inbox', () => {
    it('shows to its agent and to an administrator of the tenant, and to nobody else', async () => {
      const agent = newAgent();
      directory.put({ epoch: 1, position: 1 }, directoryAgent(agent));
      const did = recipientIn(1, bench.partitions);
      const own = agentPrincipal(agent.did, 'default');
      await publish(agent.did);
      await bench.store.fetch({ tenant: 'default', recipient: agent.did, count: 1, leaseSeconds: 30 });
      await publish(agent.did);
      const figures = { kind: 'inbox', waiting: 1, leased: 1, consumers: null };
      expect(await get('inbox', own)).toMatchObject({ name: 'inbox', ...figures });
      for (const principal of [own, operator])
        expect(await get(`inbox:${agent.did as 'did:key:z'}`, principal)).toMatchObject(figures);
      expect(await groups('inbox', own)).toMatchObject([{ stream: 'inbox', group: agent.did, waiting: 1 }]);
      const strangers = [reader, agentPrincipal(did, 'default'), keyOf(['admin'], 'acme')];
      for (const principal of strangers)
        await expect(get(`inbox:${agent.did as 'did:key:z'}`, principal)).rejects.toMatchObject({
          code: 'STREAM_UNKNOWN',
        });
      for (const name of ['inbox', `inbox:${did}`] as const)
        await expect(get(name as 'inbox', operator)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    });
  });

  describe('another tenant', () => {
    it('finds neither the topic nor what waits in it, whatever it calls its own', async () => {
      await publish();
      const other = keyOf(['admin'], 'acme');
      await expect(get('topic:orders', other)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
      expect(await list(other)).toEqual({ items: [], nextCursor: null });
      await topics.change('acme', { verb: 'put-topic', topic: 'orders', actor: 'a' });
      await topics.change('acme', { verb: 'put-group', topic: 'orders', group: 'workers', actor: 'a' });
      expect(await groups('topic:orders', other)).toMatchObject([{ group: 'workers', waiting: 0 }]);
    });
  });

  describe('the list', () => {
    it('has pages, in the order of names, with the own inbox of an agent', async () => {
      await topics.change('default', { verb: 'put-topic', topic: 'bills', actor: 'a' });
      const agent = agentPrincipal(newAgent().did, 'default');
      const first = await list(agent, 2);
      expect(first.items.map(({ name }) => name)).toEqual(['inbox', 'topic:bills']);
      const second = await list(agent, 2, first.nextCursor!);
      expect(second).toMatchObject({ items: [{ name: 'topic:orders' }], nextCursor: null });
    });

    it('shows feeds to the operator of the whole, and to no other administrator', async () => {
      const names = (await list(operator)).items.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['feed:bus.0', 'feed:bus.1', 'feed:bus.feed', 'feed:iam', 'topic:orders']),
      );
      for (const principal of [reader, keyOf(['admin'], 'acme')]) {
        expect((await list(principal)).items.filter(({ kind }) => kind === 'feed')).toEqual([]);
        await expect(get('feed:iam', principal)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
      }
      await expect(get('feed:bus.9', operator)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
    });
  });

  describe('a feed', () => {
    const source = busSource(0);
    const read = async (reader: string, at: string) =>
      bench.redis.hset(streamKeys.cursors(source), reader, at);
    const headOf = async () => (await bench.redis.hget(streamKeys.head(source), 'at'))!;

    it('tells how far its readers are behind, where that can be counted', async () => {
      await publish(recipientIn(0, bench.partitions));
      await publish(recipientIn(0, bench.partitions));
      const at = await headOf();
      const [epoch, position] = at.split('-').map(Number);
      expect(await get('feed:bus.0', operator)).toMatchObject({
        groups: 0,
        waiting: null,
        length: position!,
      });
      await read('audit', `${epoch}-${position! - 2}`);
      await read('other', at);
      expect(await groups('feed:bus.0', operator)).toMatchObject([
        { group: 'audit', waiting: 2 },
        { group: 'other', waiting: 0 },
      ]);
      expect(await get('feed:bus.0', operator)).toMatchObject({ groups: 2, waiting: 2 });
      await read('other', `${epoch! - 1}-1`);
      expect((await groups('feed:bus.0', operator))[1]).toMatchObject({ group: 'other', waiting: null });
      expect(await get('feed:bus.0', operator)).toMatchObject({ groups: 2, waiting: null });
    });
  });
});
