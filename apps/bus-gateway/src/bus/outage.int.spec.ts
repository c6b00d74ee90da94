import { ConcordatError, parsePosition } from '@concordat/contracts';
import { eventually, newAgent } from '@concordat/testing';
import { type BusBench, recipientIn, startBusBench, tokensOf } from './bus.fixture';
import type { Received } from './bus-driver.fixture';
import type { OutgoingMessage } from './publisher';

describe('the bus when Redis fails', () => {
  let bench: BusBench;
  beforeEach(async () => (bench = await startBusBench()));
  afterEach(() => bench.stop());

  const fetch = (to: string, count = 100): Promise<Received[]> =>
    bench.store.fetch({ tenant: 'default', recipient: to, count, leaseSeconds: 600 });
  const receiveAll = async (to: string): Promise<Received[]> => {
    const all: Received[] = [];
    for (let batch = await fetch(to); batch.length > 0; batch = await fetch(to)) all.push(...batch);
    return all;
  };

  it('killed again and again under load / has every acknowledged message once, and no other twice', async () => {
    const rounds = 12;
    const to = newAgent().did;
    const acknowledged = new Set<string>();
    const unanswered: OutgoingMessage[] = [];
    let sent = 0;
    /** Sends until it is not answered. */
    const sender = async (enough: () => void): Promise<void> => {
      for (;;) {
        const message = bench.outgoing(to, { commandId: String(++sent) });
        try {
          acknowledged.add((await bench.store.publish(message)).id);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
          unanswered.push(message);
          return;
        }
        if (acknowledged.size % 150 === 0) enough();
      }
    };
    for (let round = 0; round < rounds; round++) {
      let senders: Promise<void>[] = [];
      await new Promise<void>((enough) => (senders = Array.from({ length: 20 }, () => sender(enough))));
      await Promise.all([bench.server.kill9(), ...senders]);
      await eventually(() => bench.redis.ping());
    }
    // Whoever was not answered asks again, under the same key.
    for (const { commandId } of unanswered)
      acknowledged.add((await bench.store.publish(bench.outgoing(to, { commandId }))).id);
    const received = (await receiveAll(to)).map(({ id }) => id);
    expect(received).toHaveLength(sent);
    expect(new Set(received)).toEqual(acknowledged);
    const life = await bench.life(bench.partitionOf(to));
    const accepted = life.filter(({ event }) => event === 'accepted').map(({ message }) => message);
    expect(accepted).toHaveLength(sent);
    expect(new Set(accepted)).toEqual(acknowledged);
    const counts = `${sent} messages, ${unanswered.length} answers lost, 0 messages lost, 0 doubled`;
    process.stdout.write(`${rounds} kills of Redis under load: ${counts}\n`);
  }, 60_000);

  it('killed between delivery and acknowledgement / keeps lease and token', async () => {
    const to = newAgent().did;
    await bench.store.publish(bench.outgoing(to));
    const leased = await fetch(to);
    await bench.server.kill9();
    await eventually(async () => expect(await fetch(to)).toEqual([]));
    expect((await bench.store.ack('default', to, tokensOf(leased))).settled).toEqual([true]);
  });

  it('frozen / says within two seconds that it cannot, and afterwards a repetition is harmless', async () => {
    const to = newAgent().did;
    const message = bench.outgoing(to, { commandId: 'frozen' });
    await bench.store.publish(bench.outgoing(to, { payload: '"before"' }));
    bench.server.suspend();
    const begun = performance.now();
    const answers = await Promise.allSettled([
      bench.store.publish(message),
      fetch(to),
      bench.store.ack('default', to, [{ id: message.id, secret: 'x' }]),
      bench.store.state('default', 0, message.id),
      bench.store.sweep(0),
    ]);
    const elapsed = performance.now() - begun;
    bench.server.resume();
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
    expect(elapsed).toBeLessThan(5_000);
    const again = await eventually(() => bench.store.publish(bench.outgoing(to, { commandId: 'frozen' })));
    await bench.advance(bench.partitionOf(to), 601_000);
    await bench.store.sweep(bench.partitionOf(to));
    const received = await receiveAll(to);
    expect(received).toHaveLength(2);
    expect(received.map(({ id }) => id)).toContain(again.id);
  });

  it('emptied / goes on at once, and its feed begins anew under a later epoch, which every reader sees', async () => {
    const to = recipientIn(0, bench.partitions);
    const before = await bench.store.publish(bench.outgoing(to));
    await fetch(to);
    await bench.redis.flushall();
    expect(await fetch(to)).toEqual([]);
    expect(await bench.store.sweep(0)).toMatchObject({ returned: 0, expired: 0, failed: 0, nextMs: -1 });
    const after = await eventually(async () => {
      const answer = await bench.store.publish(bench.outgoing(to));
      expect(answer.at!.epoch).toBeGreaterThan(before.at!.epoch);
      return answer;
    });
    expect((await fetch(to)).map(({ id }) => id)).toContain(after.id);
    const [[first, fields]] = (await bench.redis.xrange('cc:{bus.0}:events', '-', '+')) as [
      [string, string[]],
    ];
    expect(parsePosition(first)).toMatchObject({ position: 1 });
    expect(fields[fields.indexOf('prev') + 1]).toBe('0-0');
  });
});

describe('the bus when the memory of Redis is full', () => {
  let bench: BusBench;
  beforeEach(async () => (bench = await startBusBench(1, { maxMemoryBytes: 12_000_000 })));
  afterEach(() => bench.stop());

  it('refuses further messages, changes nothing by halves, and what goes out makes room', async () => {
    const to = newAgent().did;
    const payload = JSON.stringify('x'.repeat(20_000));
    const sent: string[] = [];
    const publish = () => bench.store.publish(bench.outgoing(to, { payload }));
    await publish();
    const request = { tenant: 'default', recipient: to, count: 50, leaseSeconds: 600 };
    let refusal: unknown;
    let leased: Received[] = [];
    while (refusal === undefined && sent.length < 1_000) {
      await publish().then(
        ({ id }) => sent.push(id),
        (error: unknown) => (refusal = error),
      );
      if (sent.length === 40) leased = await bench.store.fetch(request);
    }
    expect(refusal).toBeInstanceOf(ConcordatError);
    expect(refusal).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const fed = (await bench.life(0)).length;
    expect(fed).toBe(1 + sent.length + leased.length);
    expect(await bench.redis.hget(`cc:{bus.0}:q:default:i:${to}`, 'count')).toBe(String(1 + sent.length));
    const { settled } = await bench.store.ack('default', to, tokensOf(leased));
    expect(settled).toEqual(leased.map(() => true));
    expect((await bench.life(0)).length).toBe(fed + leased.length);
    await publish();
  });

  it('still hands out what it holds, and lets expire what has expired', async () => {
    const [to, other] = [newAgent().did, newAgent().did];
    const payload = JSON.stringify('x'.repeat(20_000));
    const expiring = await bench.store.publish(bench.outgoing(other, { payload, ttlSeconds: 1 }));
    let isFull = false;
    while (!isFull) {
      await bench.store.publish(bench.outgoing(to, { payload })).catch(() => (isFull = true));
    }
    // Memory that is freed elsewhere must not make this easier than it is.
    await bench.redis.config('SET', 'maxmemory', 1_000_000);
    const leased = await bench.store.fetch({
      ...{ tenant: 'default', recipient: to, count: 5, leaseSeconds: 600 },
    });
    expect(leased).toHaveLength(5);
    await eventually(async () => {
      await bench.store.sweep(0);
      expect(await bench.store.state('default', 0, expiring.id)).toMatchObject({ status: 'EXPIRED' });
    });
    expect((await bench.store.ack('default', to, tokensOf(leased))).settled).toEqual(leased.map(() => true));
  });
});
