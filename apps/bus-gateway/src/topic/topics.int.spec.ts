import { limits } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { partitionKeys, partitionOf } from '../bus/partition';
import { queueName } from '../bus/queue';
import { contextOf, numbers, queueOf, startTopicBench, type TopicBench, upTo } from './topic.fixture';

const partitions = 4;
const [one, two] = [newAgent().did, newAgent().did];
const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('topics and their groups', () => {
  let t: TopicBench;
  beforeAll(async () => (t = await startTopicBench(partitions)));
  beforeEach(() => t.bench.redis.flushall());
  afterAll(() => t.stop());

  it('every group gets every message, and the consumers of a group share them', async () => {
    await t.create();
    for (const group of ['a', 'b']) await t.subscribe(group);
    await t.publishAll(40);
    const [first, second] = [await t.fetch('a', one, 15), await t.fetch('a', two)];
    expect([first.length, second.length]).toEqual([15, 25]);
    expect(numbers([...first, ...second])).toEqual(upTo(40));
    expect(await t.got('b')).toEqual(upTo(40));
  });

  it('messages without a key / lie in all partitions, those of one key in one, in their order', async () => {
    await t.create();
    await t.subscribe();
    const spread = await t.publishAll(64);
    expect(new Set(spread.map(({ partition }) => partition)).size).toBe(partitions);
    expect(await t.got()).toEqual(upTo(64));
    const keyed = await t.publishAll(8, { key: 'k' });
    expect(new Set(keyed.map(({ partition }) => partition)).size).toBe(1);
    for (const n of upTo(8)) {
      const found = await t.fetch();
      expect(numbers(found)).toEqual([n]);
      await t.settle(found[0]!, 'ack');
    }
  });

  it('a message that is repeated under its key / comes once, whatever partition it would have been in', async () => {
    await t.create();
    await t.subscribe();
    for (const n of upTo(20)) {
      const first = await t.publish(n, { commandId: `c${n}` });
      const again = await t.publish(n, { commandId: `c${n}` });
      expect([again.id, again.partition]).toEqual([first.id, first.partition]);
    }
    expect(await t.got()).toEqual(upTo(20));
  });

  it('messages from before the group / are not seen by it', async () => {
    await t.create();
    await t.subscribe('early');
    await t.publish(1);
    await t.subscribe('late');
    await t.publish(2);
    expect([await t.got('early'), await t.got('late')]).toEqual([[1, 2], [2]]);
  });

  it('a message that no group waits for / is accepted, told and over', async () => {
    await t.create();
    const { id, partition } = await t.publish(1);
    expect(await t.bench.store.state('default', partition, id)).toMatchObject({ status: 'DELIVERED' });
    await t.subscribe();
    expect(await t.got()).toEqual([]);
    expect(await t.told('accepted')).toHaveLength(1);
  });

  it('a message / is there until its last group is done with it', async () => {
    await t.create();
    for (const group of ['a', 'b']) await t.subscribe(group);
    const { id, partition } = await t.publish(1);
    const state = () => t.bench.store.state('default', partition, id);
    await t.settle((await t.fetch('a'))[0]!, 'ack');
    expect(await state()).toMatchObject({ status: 'PENDING', recipients: { open: 1, delivered: 1 } });
    await t.settle((await t.fetch('b'))[0]!, 'ack');
    expect(await state()).toMatchObject({ status: 'DELIVERED', recipients: { open: 0, delivered: 2 } });
    expect(await t.bench.redis.hexists(`cc:{bus.${partition}}:m:default:${id}`, 'p')).toBe(0);
  });

  it('what one consumer of a group was given / another one cannot settle', async () => {
    await t.create();
    await t.subscribe();
    await t.publish(1);
    const [message] = await t.fetch('g', one);
    expect(await t.settle(message!, 'ack', two)).toBe('stale');
    expect(await t.settle({ ...message!, queue: queueOf('other') }, 'ack', one)).toBe('stale');
    expect(await t.settle(message!, 'ack', one)).toBe('settled');
  });

  it('a consumer that waits / is woken by a message in whichever partition', async () => {
    await t.create();
    await t.subscribe();
    const input = { name: 'news', group: 'g', count: 10, waitSeconds: 30, leaseSeconds: 30 };
    for (const n of upTo(6)) {
      const signal = new AbortController().signal;
      const waiting = t.handlers['subscription.fetch'](input, { ...contextOf('default', one), signal });
      await t.publish(n);
      const begun = performance.now();
      expect((await waiting).output.items.map(({ payload }) => payload)).toEqual([n]);
      // Whoever is not rung up looks after five seconds.
      expect(performance.now() - begun).toBeLessThan(3_000);
    }
  });

  describe('a topic', () => {
    it('that is unknown / is said to be, to whoever publishes, subscribes or asks', async () => {
      await expect(t.publish(1)).rejects.toEqual(refusal('TOPIC_UNKNOWN'));
      await expect(t.subscribe()).rejects.toEqual(refusal('TOPIC_UNKNOWN'));
      await expect(t.handlers['topic.get']({ name: 'news' }, contextOf())).rejects.toEqual(
        refusal('TOPIC_UNKNOWN'),
      );
      await expect(t.remove()).rejects.toEqual(refusal('TOPIC_UNKNOWN'));
    });

    it('of another tenant / is unknown, and its groups get nothing', async () => {
      await t.create('news', {}, 'acme');
      await t.subscribe('g', 'acme');
      await expect(t.publish(1)).rejects.toEqual(refusal('TOPIC_UNKNOWN'));
      await t.create();
      await t.publish(1);
      expect(await t.bench.store.fetchQueue(queueOf('g', 'news', 'acme'), one)).toEqual([]);
      await t.remove();
      await t.publish(2, { tenant: 'acme' });
    });

    it('made twice, and a group put twice / is the same, and told once', async () => {
      const first = await t.create('news', { description: 'All of it' });
      const again = await t.create('news', { description: 'All of it' });
      expect(again.output).toEqual(first.output);
      expect([first.position, again.position]).toEqual([expect.anything(), null]);
      const [put, repeated] = [await t.subscribe(), await t.subscribe()];
      expect(repeated.output).toEqual(put.output);
      expect(repeated.position).toBeNull();
      const changed = await t.create('news', { description: 'Some' });
      expect(changed.output).toEqual({ ...first.output, description: 'Some' });
      expect(changed.position).not.toBeNull();
    });

    it('that is deleted / takes its groups and their messages with it', async () => {
      await t.create();
      for (const group of ['a', 'b']) await t.subscribe(group);
      await t.publishAll(20);
      const [leased] = await t.fetch('a', undefined, 1);
      expect((await t.remove()).output.purged).toBe(39);
      await expect(t.publish(1)).rejects.toEqual(refusal('TOPIC_UNKNOWN'));
      expect(await t.nack(leased!)).toBe('purged');
      await t.create();
      expect(
        (await t.handlers['subscription.list']({ name: 'news', limit: 10 }, contextOf())).output.items,
      ).toEqual([]);
      expect([await t.left('a'), await t.left('b')]).toEqual([0, 0]);
    });

    it('in the list / comes by its name, page by page, and only to its tenant', async () => {
      for (const name of ['c', 'a', 'b']) await t.create(name);
      await t.create('d', {}, 'acme');
      const first = (await t.handlers['topic.list']({ limit: 2 }, contextOf())).output;
      expect(first.items.map(({ name }) => name)).toEqual(['a', 'b']);
      const rest = (await t.handlers['topic.list']({ limit: 2, cursor: first.nextCursor! }, contextOf()))
        .output;
      expect([rest.items.map(({ name }) => name), rest.nextCursor]).toEqual([['c'], null]);
    });
  });

  describe('when there is no room', () => {
    const fill = async (key: string, count: number) => {
      const settings = JSON.stringify({ createdAt: new Date().toISOString(), description: '' });
      await t.bench.redis.hset(key, Object.fromEntries(upTo(count).map((n) => [`x${n}`, settings])));
    };

    it('for another topic / says so, and a known one can still be changed', async () => {
      await t.create('known');
      for (const p of upTo(partitions)) await fill(partitionKeys(p).topics('default'), limits.topics - 1);
      await expect(t.create('more')).rejects.toEqual(refusal('TOPICS_FULL'));
      await t.create('known', { description: 'again' });
      await t.create('more', {}, 'acme');
    });

    it('for another group / says so, makes it nowhere, and a known one can be put', async () => {
      await t.create();
      await t.subscribe('known');
      const home = partitionKeys(partitionOf('default', 'news', partitions));
      await fill(home.groups('default', 'news'), limits.topicGroups - 1);
      await expect(t.subscribe('more')).rejects.toEqual(refusal('TOPIC_GROUPS_FULL'));
      const known = await t.everywhere((p) =>
        t.bench.redis.hexists(partitionKeys(p).groups('default', 'news'), 'more'),
      );
      expect(known).toEqual([0, 0, 0, 0]);
      await t.subscribe('known');
    });

    it('in one group / no group gets the message, and the sender is told which one it is', async () => {
      await t.create();
      for (const group of ['a', 'full']) await t.subscribe(group);
      for (const p of upTo(partitions))
        await t.bench.redis.hset(
          `cc:{bus.${p}}:q:${queueName(queueOf('full'))}`,
          'count',
          limits.inboxMessages,
        );
      await expect(t.publish(1)).rejects.toMatchObject({
        code: 'INBOX_FULL',
        message: expect.stringContaining('full') as string,
      });
      expect(await t.got('a')).toEqual([]);
      expect(await t.told('accepted')).toEqual([]);
    });
  });
});
