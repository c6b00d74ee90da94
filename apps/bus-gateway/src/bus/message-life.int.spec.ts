import { limits } from '@concordat/contracts';
import { type BusBench, type LifeEvent, newInbox, startBusBench, tokensOf } from './bus.fixture';

const second = 1_000;
const day = 86_400 * second;

describe('leases and times to live in a real Redis', () => {
  let bench: BusBench;
  let inbox: ReturnType<typeof newInbox>;
  beforeAll(async () => (bench = await startBusBench()));
  beforeEach(async () => {
    await bench.redis.flushall();
    inbox = newInbox(bench);
  });
  afterAll(() => bench.stop());

  const status = async (id: string) => (await inbox.state(id))?.status;
  const told = (events: readonly LifeEvent[], id: string) =>
    events
      .filter(({ message }) => message === id)
      .map(({ event, attempt }) => `${event} ${attempt ?? ''}`.trim());
  const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);

  it('a lease that has ended / brings the message back with the next attempt; the old token is stale', async () => {
    const { id } = await inbox.publish();
    const [first] = await inbox.fetch();
    expect(await inbox.fetch()).toEqual([]);
    expect(await inbox.later(29)).toMatchObject({ returned: 0 });
    expect(await inbox.later(1)).toMatchObject({ returned: 1, expired: 0, failed: 0 });
    expect(await status(id)).toBe('PENDING');
    expect((await bench.store.ack('default', inbox.to, tokensOf([first!]))).settled).toEqual([false]);
    const [again] = await inbox.fetch();
    expect(again).toMatchObject({ id, attempt: 2, data: first!.data });
    expect(again!.token).not.toBe(first!.token);
    expect((await bench.store.ack('default', inbox.to, tokensOf([first!, again!]))).settled).toEqual([
      false,
      true,
    ]);
    expect(told(await bench.life(inbox.partition), id)).toEqual([
      'accepted',
      'sent 1',
      'returned 1',
      'sent 2',
      'delivered 2',
    ]);
  });

  it('a lease that has ended, but was not taken back yet / still lets the one who holds it acknowledge', async () => {
    await inbox.publish();
    const leased = await inbox.fetch();
    await bench.advance(inbox.partition, 31 * second);
    expect((await bench.store.ack('default', inbox.to, tokensOf(leased))).settled).toEqual([true]);
    expect(await bench.store.sweep(inbox.partition)).toMatchObject({ returned: 0 });
  });

  it('messages that came back / are received before new ones, also before urgent ones', async () => {
    const [a, b] = [await inbox.publish(), await inbox.publish()];
    await inbox.fetch(2);
    await inbox.later(31);
    const urgent = await inbox.publish({ priority: 'URGENT' });
    expect(ids(await inbox.fetch(2))).toEqual([a.id, b.id]);
    expect(ids(await inbox.fetch(2))).toEqual([urgent.id]);
  });

  it(`a message that is never acknowledged / has failed after ${limits.deliveryAttempts} deliveries`, async () => {
    const { id } = await inbox.publish();
    for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
      expect((await inbox.fetch()).map((message) => message.attempt)).toEqual([attempt]);
      const isLast = attempt === limits.deliveryAttempts;
      expect(await inbox.later(31)).toMatchObject({ returned: isLast ? 0 : 1, failed: isLast ? 1 : 0 });
    }
    expect(await status(id)).toBe('FAILED');
    expect(await inbox.fetch()).toEqual([]);
    const sent = Array.from({ length: limits.deliveryAttempts }, (_, i) => `sent ${i + 1}`);
    const returned = (event: string, i: number) =>
      i + 1 < limits.deliveryAttempts ? [event, `returned ${i + 1}`] : [event];
    expect(told(await bench.life(inbox.partition), id)).toEqual([
      'accepted',
      ...sent.flatMap(returned),
      `failed ${limits.deliveryAttempts}`,
    ]);
  });

  it('a message that waits longer than it lives / expires, is said to, and is never delivered', async () => {
    const { id } = await inbox.publish({ ttlSeconds: 60 });
    const { id: other } = await inbox.publish();
    await bench.advance(inbox.partition, 61 * second);
    // Nobody has said so yet, but it is over.
    expect(ids(await inbox.fetch())).toEqual([other]);
    expect(await bench.store.sweep(inbox.partition)).toMatchObject({ expired: 1 });
    expect(await status(id)).toBe('EXPIRED');
    await inbox.later(3_600);
    expect(ids(await inbox.fetch())).toEqual([other]);
    expect(told(await bench.life(inbox.partition), id)).toEqual(['accepted', 'expired 0']);
  });

  it('a message that expires under a lease / is not delivered again, and its token is stale', async () => {
    const { id } = await inbox.publish({ ttlSeconds: 20 });
    const leased = await inbox.fetch(1, 600);
    expect(await inbox.later(21)).toMatchObject({ expired: 1, returned: 0 });
    expect((await bench.store.ack('default', inbox.to, tokensOf(leased))).settled).toEqual([false]);
    expect(await inbox.later(600)).toMatchObject({ expired: 0, returned: 0 });
    expect(await inbox.fetch()).toEqual([]);
    expect(told(await bench.life(inbox.partition), id)).toEqual(['accepted', 'sent 1', 'expired 1']);
  });

  it('a message that expires while it waits for its second delivery / is not delivered again', async () => {
    const { id } = await inbox.publish({ ttlSeconds: 60 });
    await inbox.fetch(1, 30);
    expect(await inbox.later(31)).toMatchObject({ returned: 1 });
    await bench.advance(inbox.partition, 30 * second);
    expect(await inbox.fetch()).toEqual([]);
    expect(await bench.store.sweep(inbox.partition)).toMatchObject({ expired: 1 });
    expect(told(await bench.life(inbox.partition), id)).toEqual([
      'accepted',
      'sent 1',
      'returned 1',
      'expired 1',
    ]);
    expect(await bench.redis.llen(`cc:{bus.${inbox.partition}}:q:default:i:${inbox.to}:due`)).toBe(0);
    expect(await bench.redis.hget(`cc:{bus.${inbox.partition}}:q:default:i:${inbox.to}`, 'count')).toBe('0');
  });

  it('more messages than one turn of the sweeper takes / all expire, a few at a time', async () => {
    const sent = await Promise.all(Array.from({ length: 450 }, () => inbox.publish({ ttlSeconds: 5 })));
    const turns = [
      await inbox.later(6),
      await bench.store.sweep(inbox.partition),
      await bench.store.sweep(inbox.partition),
    ];
    expect(turns.map(({ expired }) => expired)).toEqual([200, 200, 50]);
    expect(turns.map(({ nextMs }) => nextMs)).toEqual([0, 0, -1]);
    const expired = (await bench.life(inbox.partition)).filter(({ event }) => event === 'expired');
    for (const { id } of sent) expect(expired.filter(({ message }) => message === id)).toHaveLength(1);
  });

  describe('when the clock of the machine jumps', () => {
    it('a day ahead / no lease ends, nothing expires', async () => {
      const { id } = await inbox.publish({ ttlSeconds: 3_600 });
      const leased = await inbox.fetch(1, 60);
      // As if the last look had been a day ago.
      await bench.jumpWall(inbox.partition, -day);
      expect(await bench.store.sweep(inbox.partition)).toMatchObject({ returned: 0, expired: 0, failed: 0 });
      expect(await inbox.fetch()).toEqual([]);
      expect(await status(id)).toBe('SENT');
      expect((await bench.store.ack('default', inbox.to, tokensOf(leased))).settled).toEqual([true]);
    });

    it('a day back / what has ended stays ended, and leases go on ending', async () => {
      await inbox.publish();
      const leased = await inbox.fetch(1, 60);
      await inbox.later(61);
      await bench.jumpWall(inbox.partition, day);
      expect((await bench.store.ack('default', inbox.to, tokensOf(leased))).settled).toEqual([false]);
      const [again] = await inbox.fetch(1, 60);
      expect(again).toMatchObject({ attempt: 2 });
      expect(await bench.store.sweep(inbox.partition)).toMatchObject({ returned: 0 });
      expect(await inbox.later(61)).toMatchObject({ returned: 1 });
    });

    it('there and back again, many times / the clock of the partition never goes back, and never far', async () => {
      const clock = () => bench.redis.hget(`cc:{bus.${inbox.partition}}:clock`, 'logical').then(Number);
      await inbox.publish();
      await inbox.fetch(1, 600);
      const begun = await clock();
      let before = begun;
      for (const jump of [day, -day, 3_600_000, -3_600_000, day, day, -day]) {
        await bench.jumpWall(inbox.partition, jump);
        await bench.store.sweep(inbox.partition);
        const now = await clock();
        expect(now).toBeGreaterThanOrEqual(before);
        before = now;
      }
      // Two seconds for each of the three jumps ahead, and the time that the test took.
      expect(before - begun).toBeLessThan(3 * 2 * second + 10 * second);
    });
  });
});
