import { limits } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import type { BusDriver, Received } from './bus-driver.fixture';
import { inboxOf } from './queue';

const second = 1_000;

describe('messages with an ordering key', () => {
  let bench: BusBench;
  let another: BusDriver;
  let to: string;
  let partition: number;
  beforeAll(async () => {
    bench = await startBusBench();
    another = await bench.anotherStore();
  });
  beforeEach(async () => {
    await bench.redis.flushall();
    to = newAgent().did;
    partition = bench.partitionOf(to);
  });
  afterAll(() => bench.stop());

  const send = async (n: number, over: Parameters<BusBench['outgoing']>[1] = {}): Promise<string> =>
    (await bench.store.publish(bench.outgoing(to, { key: 'k', payload: String(n), ...over }))).id;
  const fetch = (count = 10, leaseSeconds = 30, by = bench.store): Promise<Received[]> =>
    by.fetchQueue(inboxOf('default', to), to, count, leaseSeconds);
  const numbers = (messages: readonly Received[]): number[] => messages.map(({ payload }) => Number(payload));
  const got = async (count?: number): Promise<number[]> => numbers(await fetch(count));
  const ack = (message: Received, by = bench.store) => by.settle({ ...message, consumer: to, verb: 'ack' });
  const nack = (message: Received, delayMs?: number) =>
    bench.store.settle({ ...message, consumer: to, verb: 'nack', delayMs, reason: 'no' });
  const later = async (seconds: number) => {
    await bench.advance(partition, seconds * second);
    return bench.store.sweep(partition);
  };

  it('fetched at two gateways at once / come in their order, one at a time, whatever their priority', async () => {
    const [keys, each] = [5, 30];
    const priorities = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const;
    for (let n = 0; n < keys * each; n++)
      await send(n, { key: `k${n % keys}`, priority: priorities[(n * 7) % 4]! });
    const seen = new Map<number, number[]>();
    const underWay: Received[] = [];
    let total = 0;
    while (total < keys * each) {
      const both = await Promise.all([fetch(3, 600), fetch(3, 600, another)]);
      underWay.push(...both.flat());
      const held = numbers(underWay).map((n) => n % keys);
      expect(new Set(held).size).toBe(held.length);
      // The other gateway acknowledges what this one was given; the latest ones first.
      const done = underWay.splice(-2);
      expect(done.length).toBeGreaterThan(0);
      for (const message of done) {
        const n = Number(message.payload);
        seen.set(n % keys, [...(seen.get(n % keys) ?? []), n]);
        total++;
        expect(await ack(message, another)).toBe('settled');
      }
    }
    for (const [key, order] of seen)
      expect(order).toEqual(Array.from({ length: each }, (_, i) => key + i * keys));
  });

  it('one that is leased / holds back its key, and nothing else', async () => {
    for (const n of [1, 2]) await send(n);
    await send(3, { key: 'other' });
    await send(4, { key: undefined });
    const [first, ...others] = await fetch();
    expect(numbers([first!, ...others])).toEqual([1, 3, 4]);
    expect(await got()).toEqual([]);
    await ack(first!);
    expect(await got()).toEqual([2]);
  });

  it('urgent ones / never overtake those of their key', async () => {
    await send(1, { priority: 'LOW' });
    await send(2, { priority: 'URGENT' });
    await send(3, { priority: 'NORMAL', key: undefined });
    const found = await fetch();
    expect(numbers(found)).toEqual([3, 1]);
    await ack(found[1]!);
    expect(await got()).toEqual([2]);
  });

  it('one that is given back / comes again before those behind it', async () => {
    for (const n of [1, 2]) await send(n);
    expect(await nack((await fetch())[0]!, 0)).toBe('returned');
    const [again] = await fetch();
    expect(again).toMatchObject({ payload: '1', attempt: 2 });
    await nack(again!, 60 * second);
    expect(await got()).toEqual([]);
    expect(await later(59)).toMatchObject({ delayed: 0 });
    expect(await got()).toEqual([]);
    expect(await later(1)).toMatchObject({ delayed: 1 });
    const [third] = await fetch();
    expect(third).toMatchObject({ payload: '1', attempt: 3 });
    await ack(third!);
    expect(await got()).toEqual([2]);
  });

  it('one whose lease ends / comes again before those behind it', async () => {
    for (const n of [1, 2]) await send(n);
    await fetch();
    expect(await later(31)).toMatchObject({ returned: 1 });
    expect(await got()).toEqual([1]);
  });

  it('one that was not delivered after all / comes again before those behind it, as its first attempt', async () => {
    for (const n of [1, 2]) await send(n);
    const [first] = await fetch();
    await bench.store.settle({ ...first!, consumer: to, verb: 'release' });
    const [again] = await fetch();
    expect(again).toMatchObject({ payload: '1', attempt: 1 });
  });

  it('one that expires / lets the next one through: while it waits, and under a lease', async () => {
    await send(1, { ttlSeconds: 10 });
    await send(2, { ttlSeconds: 60 });
    await send(3);
    expect(await later(11)).toMatchObject({ expired: 1 });
    const [leased] = await fetch(10, 600);
    expect(leased).toMatchObject({ payload: '2' });
    expect(await later(50)).toMatchObject({ expired: 1 });
    expect(await ack(leased!)).toBe('stale');
    expect(await got()).toEqual([3]);
  });

  it('one that expires in the midst of its key / is left out, and the order of the others stays', async () => {
    await send(1);
    await send(2, { ttlSeconds: 10 });
    await send(3);
    const [first] = await fetch(10, 600);
    expect(await later(11)).toMatchObject({ expired: 1 });
    await ack(first!);
    expect(await got()).toEqual([3]);
  });

  it('one that always fails / blocks its key until it is a dead letter, and no other key', async () => {
    for (const n of [1, 2]) await send(n);
    await send(10, { key: 'other' });
    await send(11, { key: 'other' });
    const beside: number[] = [];
    for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
      const found = await fetch();
      const poison = found.find(({ payload }) => payload === '1');
      expect(poison).toMatchObject({ attempt });
      for (const message of found.filter((other) => other !== poison)) {
        beside.push(Number(message.payload));
        await ack(message);
      }
      expect(await nack(poison!, 0)).toBe(attempt < limits.deliveryAttempts ? 'returned' : 'failed');
    }
    expect(beside).toEqual([10, 11]);
    expect(await got()).toEqual([2]);
  });

  it('one with a delay / takes its place when that is over, and holds up nobody before', async () => {
    await send(1, { delaySeconds: 60 });
    await send(2);
    await send(3, { delaySeconds: 30 });
    await send(4, { delaySeconds: 90 });
    const [second] = await fetch(10, 600);
    expect(second).toMatchObject({ payload: '2' });
    expect(await later(60)).toMatchObject({ delayed: 2 });
    // Those whose time has come are behind what is under way, in the order of their times, before what is sent now.
    await send(5);
    expect(await got()).toEqual([]);
    let message = second;
    for (const n of [3, 1, 5]) {
      await ack(message!);
      [message] = await fetch(10, 600);
      expect(message).toMatchObject({ payload: String(n), attempt: 1 });
      expect(await got()).toEqual([]);
    }
    await ack(message!);
    expect(await got()).toEqual([]);
    await later(30);
    expect(await got()).toEqual([4]);
  });

  it('those whose delays end together / come in the order in which they were sent', async () => {
    const sent = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(sent.map((n) => send(n, { delaySeconds: 5 })));
    expect(await later(5)).toMatchObject({ delayed: 20 });
    for (const n of sent) {
      const [message] = await fetch();
      expect(message).toMatchObject({ payload: String(n) });
      await ack(message!);
    }
  });

  it('one whose delay is over / comes before what is sent then, also when nobody has swept', async () => {
    await send(1, { delaySeconds: 30 });
    await send(7, { delaySeconds: 30, key: 'other' });
    await bench.advance(partition, 30 * second);
    await send(2);
    const [first, ...others] = await fetch();
    expect([first!.payload, others]).toEqual(['1', []]);
    await ack(first!);
    expect(await got()).toEqual([2]);
    expect(await later(0)).toMatchObject({ delayed: 1 });
    expect(await got()).toEqual([7]);
  });

  it('one with a delay that comes back / keeps its place, whatever became due meanwhile', async () => {
    await send(1, { delaySeconds: 30 });
    await send(2, { delaySeconds: 40 });
    await later(30);
    await nack((await fetch())[0]!, 20 * second);
    expect(await later(10)).toMatchObject({ delayed: 1 });
    expect(await got()).toEqual([]);
    expect(await later(10)).toMatchObject({ delayed: 1 });
    const [again] = await fetch();
    expect(again).toMatchObject({ payload: '1', attempt: 2 });
    await ack(again!);
    expect(await got()).toEqual([2]);
  });

  it('one that expires before its delay is over / never was in its key', async () => {
    await send(1);
    await send(2, { delaySeconds: 60, ttlSeconds: 30 });
    await send(3);
    const [first] = await fetch(10, 600);
    expect(await later(30)).toMatchObject({ expired: 1 });
    expect(await got()).toEqual([]);
    await ack(first!);
    expect(await got()).toEqual([3]);
    expect(await later(60)).toMatchObject({ delayed: 0 });
  });

  it('the same key for two recipients, or in two tenants / is not the same', async () => {
    const [one, other] = [to, newAgent().did];
    await send(1);
    to = other;
    await send(2);
    await bench.store.publish(bench.outgoing(one, { key: 'k', tenant: 'acme', payload: '3' }));
    expect(await got()).toEqual([2]);
    to = one;
    expect(await got()).toEqual([1]);
    expect(numbers(await bench.store.fetchQueue(inboxOf('acme', one), one))).toEqual([3]);
  });

  it('acknowledged to the end / leave nothing of their key behind', async () => {
    for (const n of [1, 2, 3]) await send(n);
    for (const _ of [1, 2, 3]) await ack((await fetch())[0]!);
    const keys = await bench.redis.keys(`cc:{bus.${partition}}:q:*`);
    expect(keys).toEqual([`cc:{bus.${partition}}:q:default:i:${to}`]);
  });
});
