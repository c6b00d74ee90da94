import { limits } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { type BusBench, newInbox, startBusBench } from './bus.fixture';
import type { Received } from './bus-driver.fixture';
import { DeliveryStore } from './delivery-store';
import { partitionKeys } from './partition';
import { inboxOf } from './queue';

const second = 1_000;

describe('what becomes of a delivery', () => {
  let bench: BusBench;
  let inbox: ReturnType<typeof newInbox>;
  beforeAll(async () => (bench = await startBusBench()));
  beforeEach(async () => {
    await bench.redis.flushall();
    inbox = newInbox(bench);
  });
  afterAll(() => bench.stop());

  const ack = (message: Received, consumer = inbox.to) =>
    bench.store.settle({ ...message, consumer, verb: 'ack' });
  const nack = (message: Received, delayMs: number | undefined, reason = 'no') =>
    bench.store.settle({ ...message, consumer: inbox.to, verb: 'nack', delayMs, reason });
  const release = (message: Received) =>
    bench.store.settle({ ...message, consumer: inbox.to, verb: 'release' });
  const extend = (message: Received, leaseMs: number, consumer = inbox.to) =>
    bench.store.settle({ ...message, consumer, verb: 'extend', leaseMs });
  const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);
  const counters = () =>
    bench.redis
      .hmget(`cc:{bus.${inbox.partition}}:q:default:i:${inbox.to}`, 'count', 'leased', 'dead')
      .then((values) => values.map(Number));

  describe('a delayed message', () => {
    it('cannot be fetched before its time, and then comes like a new one', async () => {
      const delayed = await inbox.publish({ delaySeconds: 60, priority: 'HIGH' });
      const normal = await inbox.publish();
      expect(ids(await inbox.fetch(10, 600))).toEqual([normal.id]);
      expect(await inbox.state(delayed.id)).toMatchObject({ status: 'PENDING', attempts: 0 });
      expect(await inbox.later(59)).toMatchObject({ delayed: 0 });
      expect(await inbox.fetch()).toEqual([]);
      const low = await inbox.publish();
      expect(await inbox.later(1)).toMatchObject({ delayed: 1 });
      expect(ids(await inbox.fetch())).toEqual([delayed.id, low.id]);
    });

    it('expires before its time when its life is shorter', async () => {
      const { id } = await inbox.publish({ delaySeconds: 60, ttlSeconds: 30 });
      expect(await inbox.later(60)).toMatchObject({ expired: 1, delayed: 0 });
      expect(await inbox.state(id)).toMatchObject({ status: 'EXPIRED' });
      expect(await inbox.fetch()).toEqual([]);
    });

    it('with a delay of nothing / is not delayed', async () => {
      const { id } = await inbox.publish({ delaySeconds: 0 });
      expect(ids(await inbox.fetch())).toEqual([id]);
    });
  });

  describe('a delivery that is given back', () => {
    it('with a delay / comes again when it is over, as the next attempt, with its reason in the history', async () => {
      const { id } = await inbox.publish();
      const [first] = await inbox.fetch();
      expect(await nack(first!, 10 * second, 'busy')).toBe('returned');
      expect(await inbox.state(id)).toMatchObject({
        ...{ status: 'PENDING', attempts: 1 },
        history: [{ attempt: 1, cause: 'nack', error: 'busy' }],
      });
      expect(await inbox.fetch()).toEqual([]);
      await inbox.later(10);
      expect(await inbox.fetch()).toMatchObject([{ id, attempt: 2 }]);
    });

    it('without one / waits twice as long each time, half of it by chance, and never longer than the longest', async () => {
      const keys = partitionKeys(inbox.partition);
      for (const chance of [0, 0.5, 0.999]) {
        const deliveries = new DeliveryStore(bench.store.scripts, bench.partitions, () => chance);
        await inbox.publish();
        for (let attempt = 1; attempt < limits.deliveryAttempts; attempt++) {
          const [message] = await inbox.fetch();
          expect(message).toMatchObject({ attempt });
          const settled = {
            ...message!,
            consumer: inbox.to,
            verb: 'nack',
            delayMs: undefined,
            reason: '',
          } as const;
          expect((await deliveries.settle(settled)).outcome).toBe('returned');
          const [, due] = await bench.redis.zrange(`cc:{${keys.source}}:delays`, 0, 0, 'WITHSCORES');
          const waits = Number(due) - Number(await bench.redis.hget(keys.clock, 'logical'));
          const longest = Math.min(second * 2 ** (attempt - 1), limits.backoffSeconds * second);
          // One call, one draw: what it came to follows from it.
          const expected = longest * (0.5 + ((chance + 0.618) % 1) / 2);
          expect(waits).toBe(Math.floor(expected));
          expect(waits).toBeGreaterThanOrEqual(longest / 2);
          expect(waits).toBeLessThanOrEqual(longest);
          await inbox.later(limits.backoffSeconds);
        }
        await bench.redis.flushall();
      }
    });

    it('together with others / does not come again together with them', async () => {
      await Promise.all(Array.from({ length: 20 }, () => inbox.publish()));
      await Promise.all((await inbox.fetch(20)).map((message) => nack(message, undefined)));
      const members = await bench.redis.zrange(`cc:{bus.${inbox.partition}}:delays`, 0, -1, 'WITHSCORES');
      const times = members.filter((_, i) => i % 2 === 1);
      expect(times).toHaveLength(20);
      expect(new Set(times).size).toBeGreaterThan(15);
    });

    it('twice, or after it was acknowledged / is stale', async () => {
      const [a, b] = [await inbox.publish(), await inbox.publish()];
      const [first, other] = await inbox.fetch();
      expect([first!.id, other!.id]).toEqual([a.id, b.id]);
      expect(await nack(first!, 0)).toBe('returned');
      expect(await nack(first!, 0)).toBe('stale');
      expect(await ack(first!)).toBe('stale');
      expect(await ack(other!)).toBe('settled');
      expect(await nack(other!, 0)).toBe('stale');
      expect(await ack(other!)).toBe('settled');
      expect(await counters()).toEqual([1, 0, 0]);
    });
  });

  describe('a lease that is extended', () => {
    it('ends so long after that moment, as often as it is asked for', async () => {
      await inbox.publish();
      const [message] = await inbox.fetch(1, 30);
      for (let i = 0; i < 3; i++) {
        expect(await inbox.later(25)).toMatchObject({ returned: 0 });
        expect(await extend(message!, 30 * second)).toBe('settled');
      }
      expect(await inbox.later(29)).toMatchObject({ returned: 0 });
      expect(await ack(message!)).toBe('settled');
    });

    it('can be made shorter, and ends then', async () => {
      await inbox.publish();
      const [message] = await inbox.fetch(1, 600);
      await extend(message!, second);
      expect(await inbox.later(1)).toMatchObject({ returned: 1 });
    });

    it('after it has ended, by another agent, or with another secret / is not', async () => {
      await inbox.publish();
      const [message] = await inbox.fetch(1, 30);
      expect(await extend(message!, 60 * second, newAgent().did)).toBe('stale');
      expect(await extend({ ...message!, secret: '' }, 60 * second)).toBe('stale');
      expect(await extend({ ...message!, secret: 'x' }, 60 * second)).toBe('stale');
      expect(await inbox.later(30)).toMatchObject({ returned: 1 });
      expect(await extend(message!, 60 * second)).toBe('stale');
    });
  });

  it('taken back, because nobody got it / does not count as an attempt, and comes first of all', async () => {
    const { id } = await inbox.publish({ priority: 'LOW' });
    for (let i = 0; i < 2 * limits.deliveryAttempts; i++) {
      const [message] = await inbox.fetch(1);
      expect(message).toMatchObject({ id, attempt: 1 });
      expect(await release(message!)).toBe('returned');
      expect(await ack(message!)).toBe('stale');
      await inbox.publish({ priority: 'URGENT' });
    }
    expect(await inbox.state(id)).toMatchObject({ status: 'PENDING', attempts: 0, history: [] });
    expect((await counters())[1]).toBe(0);
  });

  it('whose consumer always fails, or leaves / is a dead letter after its last attempt, with its causes', async () => {
    const { id } = await inbox.publish({ ttlSeconds: 7_200 });
    for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
      const [message] = await inbox.fetch();
      expect(message).toMatchObject({ id, attempt });
      if (attempt % 2 === 1) await nack(message!, 0, `cause ${attempt}`);
      else expect(await inbox.later(31)).toMatchObject({ returned: 1 });
    }
    expect(await inbox.fetch()).toEqual([]);
    const left = await inbox.state(id);
    expect(left).toMatchObject({ status: 'FAILED', attempts: limits.deliveryAttempts });
    const lease = 'The lease ended without an acknowledgement.';
    expect(left!.history.map(({ cause, error }) => [cause, error])).toEqual([
      ...[
        ['nack', 'cause 1'],
        ['lease', lease],
        ['nack', 'cause 3'],
        ['lease', lease],
        ['nack', 'cause 5'],
      ],
    ]);
    expect(await counters()).toEqual([0, 0, 1]);
    // A dead letter does not expire with its message.
    expect(await inbox.later(7_200)).toMatchObject({ expired: 0, returned: 0 });
    expect(await inbox.state(id)).toMatchObject({ status: 'FAILED' });
  });

  it('what happened in one call / is told with its trace, what several calls did together with none', async () => {
    const [one, two] = [1, 2].map((n) => `00-${String(n).repeat(32)}-00f067aa0ba902b7-01`) as [
      string,
      string,
    ];
    await Promise.all([1, 2, 3, 4].map(() => inbox.publish()));
    const request = {
      queue: inboxOf('default', inbox.to),
      partition: inbox.partition,
      consumer: inbox.to,
      leaseSeconds: 30,
    };
    const found = await bench.store.deliveries.fetch({ ...request, count: 10, traceparent: one });
    const settle = (messages: typeof found, traceparents: string[]) =>
      Promise.all(
        messages.map((message, i) =>
          bench.store.settle({ ...message, consumer: inbox.to, verb: 'ack', traceparent: traceparents[i]! }),
        ),
      );
    await settle(found.slice(0, 2), [two, two]);
    await settle(found.slice(2), [one, two]);
    const traces = async (verb: string) =>
      (await bench.life(inbox.partition)).flatMap(({ event, traceparent }) =>
        event === verb ? [traceparent] : [],
      );
    expect(await traces('sent')).toEqual([one, one, one, one]);
    expect(await traces('delivered')).toEqual([two, two, undefined, undefined]);
  });

  it('hundreds of poison messages / take five attempts each, not one more, and block nobody', async () => {
    const poison = new Set(
      ids(await Promise.all(Array.from({ length: 200 }, () => inbox.publish({ payload: '"poison"' })))),
    );
    const healthy = new Set(ids(await Promise.all(Array.from({ length: 200 }, () => inbox.publish()))));
    const attempts = new Map<string, number>();
    const failed = new Set<string>();
    for (let found = await inbox.fetch(100, 600); found.length > 0; found = await inbox.fetch(100, 600)) {
      const outcomes = await Promise.all(
        found.map((message) => (poison.has(message.id) ? nack(message, 0, 'poison') : ack(message))),
      );
      for (const [i, { id }] of found.entries()) {
        attempts.set(id, (attempts.get(id) ?? 0) + 1);
        if (outcomes[i] === 'failed') failed.add(id);
      }
    }
    expect(failed).toEqual(poison);
    for (const id of poison) expect(attempts.get(id)).toBe(limits.deliveryAttempts);
    for (const id of healthy) expect(attempts.get(id)).toBe(1);
    expect(await counters()).toEqual([0, 0, 200]);
    process.stdout.write(`200 poison messages: ${limits.deliveryAttempts} attempts each, 200 dead letters\n`);
  });
});
