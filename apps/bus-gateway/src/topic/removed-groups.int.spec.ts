import { contextOf, startTopicBench, type TopicBench } from './topic.fixture';

const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('a group that is removed', () => {
  let t: TopicBench;
  beforeAll(async () => (t = await startTopicBench()));
  afterAll(() => t.stop());
  beforeEach(async () => {
    await t.bench.redis.flushall();
    await t.create();
    await t.subscribe();
  });

  it('purges what waits, says so, and is unknown', async () => {
    await t.subscribe('stays');
    await t.publishAll(20);
    expect((await t.unsubscribe()).output).toEqual({ topic: 'news', group: 'g', purged: 20 });
    expect([await t.left(), await t.left('stays')]).toEqual([0, 20]);
    expect(await t.told('purged')).toHaveLength(20);
    await t.publish(21);
    expect(await t.got()).toEqual([]);
    await expect(t.unsubscribe()).rejects.toEqual(refusal('SUBSCRIPTION_UNKNOWN'));
    const input = { name: 'news', group: 'g', count: 10, waitSeconds: 0, leaseSeconds: 30 };
    await expect(t.handlers['subscription.fetch'](input, contextOf())).rejects.toEqual(
      refusal('SUBSCRIPTION_UNKNOWN'),
    );
  });

  it('lets its consumers finish what they have; what they give back, or leave, ends', async () => {
    await t.publishAll(4);
    const [acked, nacked, released, left_] = await t.fetch();
    expect((await t.unsubscribe()).output.purged).toBe(0);
    expect(await t.settle(acked!, 'ack')).toBe('settled');
    expect(await t.nack(nacked!)).toBe('purged');
    await t.settle(released!, 'release');
    await t.later(31);
    expect(await t.settle(left_!, 'ack')).toBe('stale');
    expect(await t.left()).toBe(0);
    expect((await t.told('purged')).map(({ message }) => message).sort()).toEqual(
      [nacked!.id, released!.id, left_!.id].sort(),
    );
  });

  it('purges what is delayed when its time has come', async () => {
    await t.publish(1, { delaySeconds: 60 });
    await t.unsubscribe();
    await t.later(60);
    expect([await t.left(), (await t.told('purged')).length]).toEqual([0, 1]);
  });

  it('purges whole ordering keys, also those behind one that is leased', async () => {
    await t.publish(1, { key: 'leased' });
    const [head] = await t.fetch();
    await t.publish(2, { key: 'leased' });
    await t.publish(3, { key: 'mixed', priority: 'LOW' });
    await t.publish(4, { key: 'mixed', priority: 'URGENT' });
    expect((await t.unsubscribe()).output.purged).toBe(2);
    expect(await t.settle(head!, 'ack')).toBe('settled');
    await t.later(1);
    expect(await t.left()).toBe(0);
  });

  it('by a gateway that died right after / is purged by the sweeper, and forgotten by it', async () => {
    await t.publishAll(20);
    await t.topics.change('default', { verb: 'delete-group', topic: 'news', group: 'g', actor: 'user:a' });
    expect(await t.got()).toEqual([]);
    await t.later(1);
    expect([await t.left(), (await t.told('purged')).length]).toEqual([0, 20]);
    expect(await t.everywhere((p) => t.bench.redis.exists(`cc:{bus.${p}}:removed`))).toEqual([0, 0, 0, 0]);
  });

  it('and made again / begins with nothing, and gets what comes from then on', async () => {
    await t.publishAll(20);
    await t.unsubscribe();
    await t.subscribe();
    expect(await t.got()).toEqual([]);
    await t.publish(99);
    await t.later(1);
    expect(await t.got()).toEqual([99]);
  });
});
