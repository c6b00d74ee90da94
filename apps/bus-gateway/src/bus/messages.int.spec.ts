import { limits } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { type BusBench, recipientIn, startBusBench, tokensOf } from './bus.fixture';
import { parseHead } from './delivery-view';

describe('messages in a real Redis', () => {
  let bench: BusBench;
  beforeAll(async () => (bench = await startBusBench()));
  afterAll(() => bench.stop());

  const fetch = (recipient: string, over: { count?: number; tenant?: string; leaseSeconds?: number } = {}) =>
    bench.store.fetch({
      ...{ tenant: 'default', recipient, count: 10, leaseSeconds: 30 },
      ...over,
    });
  const payloads = (messages: readonly { data: string }[]): unknown[] =>
    messages.map(({ data }) => JSON.parse(data) as unknown);

  it('a published message / is received whole, acknowledged, and its life is in the feed', async () => {
    const to = newAgent().did;
    const replyTo = newAgent().did;
    const message = bench.outgoing(to, {
      payload: '{"text":"a\\u0000\\u2028€","n":1.5e300}',
      correlationId: 'c-1',
      replyTo,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    const { id, partition } = await bench.store.publish(message);
    expect(id).toBe(message.id);
    const [got, ...none] = await fetch(to);
    expect(none).toEqual([]);
    expect(got).toMatchObject({
      ...{ id, attempt: 1, traceparent: message.traceparent, data: message.payload },
      time: expect.any(String) as string,
    });
    expect(parseHead(got!.head)).toMatchObject({
      ...{ from: message.from, to, type: 'EVENT', priority: 'NORMAL', correlationId: 'c-1', replyTo },
      ttlSeconds: null,
    });
    expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'SENT' });
    expect(await bench.store.ack('default', to, tokensOf([got!]))).toMatchObject({ settled: [true] });
    expect(await bench.store.state('default', partition, id)).toMatchObject({
      ...{ status: 'DELIVERED', from: message.from, to, type: 'EVENT', priority: 'NORMAL', attempts: 1 },
      ...{ correlationId: 'c-1', timestamp: got!.time, deliveredAt: expect.any(String) as string },
    });
    expect(await fetch(to)).toEqual([]);
    const events = (await bench.life(partition)).filter(({ message: of }) => of === id);
    expect(events.map(({ event, attempt }) => [event, attempt])).toEqual([
      ['accepted', undefined],
      ['sent', 1],
      ['delivered', 1],
    ]);
  });

  it('an acknowledgement that comes twice / settles once, and both answers say so', async () => {
    const to = newAgent().did;
    const { id, partition } = await bench.store.publish(bench.outgoing(to));
    const pairs = tokensOf(await fetch(to));
    const answers = await Promise.all([
      bench.store.ack('default', to, [...pairs, ...pairs]),
      bench.store.ack('default', to, pairs),
    ]);
    expect(answers.map(({ settled }) => settled)).toEqual([[true, true], [true]]);
    const delivered = (await bench.life(partition)).filter(
      (e) => e.message === id && e.event === 'delivered',
    );
    expect(delivered).toHaveLength(1);
  });

  it('a message that has ended / leaves nothing in its inbox and little behind', async () => {
    const to = recipientIn(0, bench.partitions);
    const { id } = await bench.store.publish(
      bench.outgoing(to, { payload: JSON.stringify('x'.repeat(10_000)) }),
    );
    await bench.store.ack('default', to, tokensOf(await fetch(to)));
    const left = await bench.redis.memory('USAGE', `cc:{bus.0}:m:default:${id}`);
    expect(left).toBeLessThan(1_000);
    expect(await bench.redis.ttl(`cc:{bus.0}:m:default:${id}`)).toBeGreaterThan(0);
    expect(await bench.redis.hget(`cc:{bus.0}:q:default:i:${to}`, 'count')).toBe('0');
    expect(await bench.redis.keys(`cc:{bus.0}:q:default:i:${to}:*`)).toEqual([]);
  });

  describe('a repeated command', () => {
    it('with the same request is the same message, also fifty times at once', async () => {
      const to = newAgent().did;
      const first = bench.outgoing(to, { commandId: 'fifty' });
      const again = () => bench.outgoing(to, { commandId: 'fifty' });
      const answers = await Promise.all(
        [first, ...Array.from({ length: 49 }, again)].map((m) => bench.store.publish(m)),
      );
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(new Set(answers.map(({ at }) => at?.position)).size).toBe(1);
      expect(await fetch(to)).toHaveLength(1);
    });

    it('with another request is refused, also when the other one goes to another partition', async () => {
      const [here, there] = [0, 1].map((partition) => recipientIn(partition, bench.partitions));
      await bench.store.publish(bench.outgoing(here!, { commandId: 'reused' }));
      for (const other of [bench.outgoing(here!, { payload: '1' }), bench.outgoing(there!)]) {
        await expect(bench.store.publish({ ...other, commandId: 'reused' })).rejects.toMatchObject({
          code: 'IDEMPOTENCY_KEY_REUSED',
        });
      }
      expect(await fetch(here!)).toHaveLength(1);
      expect(await fetch(there!)).toEqual([]);
    });

    it('of two recipients at once is one message', async () => {
      const [here, there] = [0, 1].map((partition) => recipientIn(partition, bench.partitions));
      const answers = await Promise.allSettled(
        [here!, there!].map((to) => bench.store.publish(bench.outgoing(to, { commandId: 'race' }))),
      );
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect([...(await fetch(here!)), ...(await fetch(there!))]).toHaveLength(1);
    });

    it('of another tenant is another command', async () => {
      const to = newAgent().did;
      const [one, other] = ['default', 'acme'].map((tenant) =>
        bench.outgoing(to, { tenant, commandId: 'same' }),
      );
      expect((await bench.store.publish(one!)).id).toBe(one!.id);
      expect((await bench.store.publish(other!)).id).toBe(other!.id);
    });

    it('that was refused because the inbox is full goes through when there is room', async () => {
      const to = recipientIn(0, bench.partitions);
      const message = bench.outgoing(to, { commandId: 'patient' });
      await bench.redis.hset(`cc:{bus.0}:q:default:i:${to}`, 'count', limits.inboxMessages);
      await expect(bench.store.publish(message)).rejects.toMatchObject({ code: 'INBOX_FULL' });
      await bench.redis.del(`cc:{bus.0}:q:default:i:${to}`);
      expect((await bench.store.publish(message)).id).toBe(message.id);
    });
  });

  it('commands without a name / are not remembered: they cannot come again', async () => {
    const to = recipientIn(0, bench.partitions);
    await bench.store.publish(bench.outgoing(to, { commandId: 'unnamed', mayComeAgain: false }));
    await bench.store.publish(bench.outgoing(to, { commandId: 'unnamed', mayComeAgain: false }));
    expect(await fetch(to)).toHaveLength(2);
    expect(await bench.redis.keys('*unnamed*')).toEqual([]);
  });

  it('urgent ones / come first, in the order in which they were sent, and low ones are not starved', async () => {
    const to = newAgent().did;
    const send = (priority: 'URGENT' | 'HIGH' | 'NORMAL' | 'LOW', n: number) =>
      bench.store.publish(bench.outgoing(to, { priority, payload: JSON.stringify(`${priority}${n}`) }));
    for (const n of [1, 2]) for (const p of ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const) await send(p, n);
    expect(payloads(await fetch(to, { count: 5 }))).toEqual([
      'URGENT1',
      'URGENT2',
      'HIGH1',
      'HIGH2',
      'NORMAL1',
    ]);
    // A sender that never lets the urgent lane become empty.
    const received: unknown[] = [];
    for (let n = 3; received.at(-1) !== 'LOW1'; n++) {
      expect(n).toBeLessThan(3 + 16);
      await send('URGENT', n);
      received.push(...payloads(await fetch(to, { count: 1 })));
    }
  });

  it('large messages / are handed out a few at a time, so that no answer is larger than two of them', async () => {
    const to = newAgent().did;
    const large = JSON.stringify('x'.repeat(limits.jsonBytes - 2));
    for (const n of [1, 2]) {
      await bench.store.publish(bench.outgoing(to, { payload: large }));
      await bench.store.publish(bench.outgoing(to, { payload: String(n) }));
    }
    const lengths: number[][] = [];
    for (let left = 4; left > 0; left -= lengths.at(-1)!.length)
      lengths.push((await fetch(to, { count: 100 })).map(({ data }) => data.length));
    // Whatever was not handed out is neither lost nor out of turn.
    expect(lengths).toEqual([[limits.jsonBytes], [1, limits.jsonBytes], [1]]);
  });

  it('messages of somebody else / are never received, acknowledged or read', async () => {
    const owner = newAgent().did;
    // Every inbox of the partition, so that the very same keys and scripts are used.
    const stranger = recipientIn(bench.partitionOf(owner), bench.partitions);
    const { id, partition } = await bench.store.publish(bench.outgoing(owner));
    const [leased] = await fetch(owner);
    expect(await fetch(stranger)).toEqual([]);
    expect(await fetch(owner, { tenant: 'acme' })).toEqual([]);
    for (const [tenant, who] of [
      ['default', stranger],
      ['acme', owner],
    ] as const)
      expect((await bench.store.ack(tenant, who, tokensOf([leased!]))).settled).toEqual([false]);
    for (const secret of ['', 'nil', '-', leased!.token.slice(0, -1)])
      expect((await bench.store.ack('default', owner, [{ id, secret }])).settled).toEqual([false]);
    expect(await bench.store.state('acme', partition, id)).toBeUndefined();
    expect(await bench.store.state('default', (partition + 1) % bench.partitions, id)).toBeUndefined();
    expect((await bench.store.ack('default', owner, tokensOf([leased!]))).settled).toEqual([true]);
  });

  it('an inbox with the largest number of messages / refuses, goes on when one was acknowledged, and loses none', async () => {
    const to = newAgent().did;
    for (let sent = 0; sent < limits.inboxMessages; sent += 500)
      await Promise.all(Array.from({ length: 500 }, () => bench.store.publish(bench.outgoing(to))));
    await expect(bench.store.publish(bench.outgoing(to))).rejects.toMatchObject({ code: 'INBOX_FULL' });
    const [one] = await fetch(to, { count: 1 });
    await expect(bench.store.publish(bench.outgoing(to))).rejects.toMatchObject({ code: 'INBOX_FULL' });
    await bench.store.ack('default', to, tokensOf([one!]));
    await bench.store.publish(bench.outgoing(to));
    const seen = new Set([one!.id]);
    for (
      let batch = await fetch(to, { count: 100 });
      batch.length > 0;
      batch = await fetch(to, { count: 100 })
    )
      for (const { id } of batch) seen.add(id);
    expect(seen.size).toBe(limits.inboxMessages + 1);
  }, 60_000);

  it('two gateways that receive for one agent at once / never lease the same message twice', async () => {
    const to = newAgent().did;
    const other = await bench.anotherStore();
    await Promise.all(Array.from({ length: 300 }, () => bench.store.publish(bench.outgoing(to))));
    const request = { tenant: 'default', recipient: to, count: 7, leaseSeconds: 30 };
    const batches = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 ? bench.store.fetch(request) : other.fetch(request))),
    );
    const ids = batches.flat().map(({ id }) => id);
    expect(ids).toHaveLength(300);
    expect(new Set(ids).size).toBe(300);
  });
});
