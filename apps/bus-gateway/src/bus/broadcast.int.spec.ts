import { limits } from '@concordat/contracts';
import { agentPrincipal } from '@concordat/testing';
import { type BusBench, recipientIn, startBusBench } from './bus.fixture';
import type { BusDriver, Received } from './bus-driver.fixture';
import { composeMessage } from './compose-message';
import { inboxOf } from './queue';

const second = 1_000;
const partitions = 3;

describe('a message to everybody', () => {
  let bench: BusBench;
  let another: BusDriver;
  beforeAll(async () => {
    bench = await startBusBench(partitions);
    another = await bench.anotherStore();
  });
  beforeEach(() => bench.redis.flushall());
  afterAll(() => bench.stop());

  const sender = recipientIn(0, partitions);
  const agents = [0, 0, 1, 1, 2].map((partition) => recipientIn(partition, partitions));
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const send = (payload = '1', over: Parameters<BusBench['outgoing']>[1] = {}, by = bench.store) =>
    by.publish(bench.outgoing('*', { from: sender, ttlSeconds: 3_600, payload, ...over }));
  const fetch = (did: string, by = bench.store, tenant = 'default') =>
    by.fetchQueue(inboxOf(tenant, did), did, 10, 30);
  const got = async (did: string, by?: BusDriver) => (await fetch(did, by)).map(({ payload }) => payload);
  const settle = (message: Received, consumer: string, verb: 'ack' = 'ack') =>
    bench.store.settle({ ...message, consumer, verb });
  const later = async (seconds: number) => {
    for (const partition of all) {
      await bench.advance(partition, seconds * second);
      await bench.store.sweep(partition);
    }
  };
  const kill = async (did: string) => {
    for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
      const [message] = await fetch(did);
      expect(message).toMatchObject({ attempt });
      await bench.store.settle({ ...message!, consumer: did, verb: 'nack', delayMs: 0, reason: 'no' });
    }
  };

  it('comes to every agent once, in whichever partition and at whichever gateway, and not to its sender', async () => {
    await send('1');
    await send('2', {}, another);
    for (const [n, did] of agents.entries()) {
      expect(await got(did, n % 2 === 0 ? another : undefined)).toEqual(['1', '2']);
      expect(await got(did)).toEqual([]);
    }
    expect(await got(sender)).toEqual([]);
  });

  it('behind more of its own than one fetch takes / comes to its recipient all the same', async () => {
    const did = agents[0]!;
    for (let n = 0; n < 12; n++) await send('0', { from: did });
    await send('1');
    expect(await got(did)).toEqual(['1']);
  });

  it('fetched by several instances of an agent at once / comes to one of them', async () => {
    const did = agents[0]!;
    for (const n of [1, 2, 3]) await send(String(n));
    const found = await Promise.all([fetch(did), fetch(did, another), fetch(did), fetch(did, another)]);
    expect(found.flat().map(({ payload }) => payload)).toEqual(['1', '2', '3']);
  });

  it('is told in the audit feed once', async () => {
    const { id } = await send();
    const life = (await Promise.all(all.map((partition) => bench.life(partition)))).flat();
    expect(life).toEqual([{ message: id, event: 'accepted', attempt: undefined, tenant: 'default' }]);
  });

  it('repeated under its key / comes once, and is answered as the first time', async () => {
    const first = await send('1', { commandId: 'c' });
    const again = await send('1', { commandId: 'c' }, another);
    expect(again.id).toBe(first.id);
    for (const did of agents) expect(await got(did)).toEqual(['1']);
  });

  it('comes before less urgent ones that waited in the inbox', async () => {
    const did = agents[2]!;
    await bench.store.publish(bench.outgoing(did, { payload: '"own"' }));
    await send('"all"', { priority: 'URGENT' });
    expect(await got(did)).toEqual(['"all"', '"own"']);
  });

  it('comes to an agent that is new as long as it lives, and to nobody after that', async () => {
    await send('1', { ttlSeconds: 60 });
    await send('2', { ttlSeconds: 600 });
    await later(61);
    expect(await got(agents[0]!)).toEqual(['2']);
    await later(600);
    expect(await got(agents[1]!)).toEqual([]);
    expect(await bench.redis.keys('cc:*broadcast*')).toEqual([]);
  });

  it('whose time is over / is told once for all who have not acknowledged it, however many it came to', async () => {
    const { id, partition } = await send('1', { ttlSeconds: 60 });
    await fetch(agents[0]!);
    await later(59);
    expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'PENDING' });
    await later(1);
    expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'EXPIRED' });
    await later(1);
    const life = (await Promise.all(all.map((each) => bench.life(each)))).flat();
    const expired = life.filter(({ event }) => event === 'expired');
    // The inbox that had fetched it tells of itself.
    expect(expired.map(({ message, attempt }) => [message, attempt]).sort()).toEqual([
      [id, 0],
      [id, 1],
    ]);
    expect(await bench.redis.pttl(`cc:{bus.${partition}}:m:default:${id}`)).toBeGreaterThan(0);
  });

  it('that was fetched / expires in the inbox like any other', async () => {
    const did = agents[0]!;
    await send('1', { ttlSeconds: 60 });
    const [message] = await fetch(did);
    await later(61);
    expect(await settle(message!, did)).toBe('stale');
    expect(await got(did)).toEqual([]);
  });

  it('is for its tenant alone', async () => {
    await send('1', { tenant: 'acme' });
    expect(await got(agents[0]!)).toEqual([]);
    expect(await fetch(agents[0]!, bench.store, 'acme')).toHaveLength(1);
  });

  it('a dead letter in one inbox / is kept, whoever else is done with it', async () => {
    const [poisoned, healthy, lazy] = [agents[0]!, agents[1]!, recipientIn(0, partitions)];
    const { id } = await send('"kept"', { ttlSeconds: 600 });
    await kill(poisoned);
    const [message] = await fetch(healthy);
    expect(await settle(message!, healthy)).toBe('settled');
    const key = `cc:{bus.0}:m:default:${id}`;
    expect(await bench.redis.pttl(key)).toBe(-1);
    expect(await got(lazy)).toEqual(['"kept"']);
    await later(600);
    const args = ['default', 10, '+inf', '', '1'];
    const letters = (await bench.store.scripts.run('listDeadLetters', 0, args)) as string[][];
    expect(letters.map((letter) => letter.at(-1))).toEqual(['"kept"']);
    const queue = `default:i:${poisoned}`;
    await bench.store.scripts.run('changeDeadLetters', 0, [60_000, 'user:a', 'replay', '', queue, id]);
    const [again] = await fetch(poisoned);
    expect(again).toMatchObject({ id, payload: '"kept"' });
    expect(await settle(again!, poisoned)).toBe('settled');
    expect(await bench.redis.pttl(key)).toBeGreaterThan(0);
  });

  it('acknowledged by the first / is still there for those who come later', async () => {
    const { id } = await send('1', { ttlSeconds: 3_600 });
    const [message] = await fetch(agents[0]!);
    await settle(message!, agents[0]!);
    expect(await bench.redis.pttl(`cc:{bus.0}:m:default:${id}`)).toBeGreaterThan(3_000 * second);
    expect(await got(agents[1]!)).toEqual(['1']);
  });

  const fill = async (partition: number) => {
    const pipeline = bench.redis.pipeline();
    for (let i = 0; i < limits.broadcasts; i++)
      pipeline.xadd(
        `cc:{bus.${partition}}:broadcasts:default`,
        '*',
        'id',
        'x',
        'from',
        sender,
        'expires',
        '0',
      );
    await pipeline.exec();
    await bench.redis.sadd(`cc:{bus.${partition}}:broadcasters`, 'default');
  };

  it('when a tenant has too many under way / is refused, until some of them are over', async () => {
    for (const partition of all) await fill(partition);
    await expect(send('1')).rejects.toMatchObject({ code: 'OVERLOADED' });
    for (let i = 0; i * 200 < limits.broadcasts; i++) await later(0);
    for (const did of agents) expect(await got(did)).toEqual([]);
    await send('2');
    for (const did of agents) expect(await got(did)).toEqual(['2']);
  });

  it('that came into some partitions only / goes on when it is repeated: once to each, under one id', async () => {
    for (const full of all) {
      await bench.redis.flushall();
      await fill(full);
      await expect(send('1', { commandId: 'c' })).rejects.toMatchObject({ code: 'OVERLOADED' });
      for (let i = 0; i * 200 < limits.broadcasts; i++) await bench.store.sweep(full);
      const { id } = await send('1', { commandId: 'c' });
      for (const did of agents) {
        const found = await fetch(did);
        expect(found.map((message) => message.id)).toEqual([id]);
        expect(JSON.parse(found[0]!.head)).toMatchObject({ messageId: id });
      }
      const life = (await Promise.all(all.map((partition) => bench.life(partition)))).flat();
      expect(life.filter(({ event }) => event === 'accepted').map(({ message }) => message)).toEqual([id]);
    }
  });

  it('with a delay, or a longer life than such messages have / is refused', () => {
    const input = { to: '*', type: 'EVENT', payload: null, priority: 'NORMAL' } as const;
    const principal = agentPrincipal(sender);
    for (const over of [{ delaySeconds: 1 }, { ttlSeconds: limits.broadcastSeconds + 1 }])
      expect(() =>
        composeMessage({ ...input, ...over }, principal, 'c', { partitions, schema: null }),
      ).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });
});
