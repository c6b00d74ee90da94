import { fromEntryFields, limits } from '@concordat/contracts';
import { createLogger, sleep, systemClock } from '@concordat/runtime';
import { Feed, streamKeys } from '@concordat/streams';
import { newAgent } from '@concordat/testing';
import type Redis from 'ioredis';
import { register } from 'prom-client';
import { type BusBench, startBusBench } from '../bus/bus.fixture';
import { partitionKeys } from '../bus/partition';
import { AlertStore } from './alert-store';
import { MonitorJob } from './monitor.job';

const logger = createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' });
const leaseMs = 60_000;

describe('two gateways that watch one bus', () => {
  let bench: BusBench;
  let connections: Redis[];
  let jobs: MonitorJob[];
  let monotonicMs: number;
  let nowMs: number;
  beforeAll(async () => {
    bench = await startBusBench();
    connections = [await bench.connect('one'), await bench.connect('other')];
  });
  beforeEach(async () => {
    await bench.redis.flushall();
    register.resetMetrics();
    monotonicMs = 0;
    nowMs = Date.now();
    jobs = connections.map((redis, n) => jobOn(redis, `bus-${n}-${newAgent().did}`));
  });
  afterAll(() => bench.stop());

  const jobOn = (redis: Redis, instance: string): MonitorJob => {
    const { now } = systemClock;
    const feed = new Feed({ redis, source: 'bus.feed', instance, startedAtMs: Date.now(), now, sleep });
    return new MonitorJob({
      ...{ feed, logger, scripts: bench.store.scripts, partitions: bench.partitions },
      ...{ clock: { nowMs: () => nowMs }, monotonicMs: () => monotonicMs },
      alerts: new AlertStore(redis, instance, leaseMs),
    });
  };
  const look = () => Promise.all(jobs.map((job) => job.look()));
  const told = async () => {
    const entries = await bench.redis.xrange(streamKeys.events('bus.feed'), '-', '+');
    return entries.map(([id, fields]) => {
      const { type, tenant, data } = fromEntryFields(id, fields);
      return { past: type.split('.').at(-2), tenant, ...(JSON.parse(data) as object) };
    });
  };
  const keyOf = (did: string, tenant: string) => {
    const partition = bench.partitionOf(did, tenant);
    return `cc:{${partitionKeys(partition).source}}:q:${tenant}:i:${did}`;
  };
  /** Lets a queue seem to hold more than was sent: ten thousand messages take their time. */
  const hold = (did: string, count: number, tenant = 'default') =>
    bench.redis.hset(keyOf(did, tenant), 'count', count);
  const samples = async (name: string) =>
    (await register.getSingleMetric(name)!.get()).values.map(({ labels, value }) => [labels, value]);

  it('raise an alert of a queue once, in its tenant, and clear it well below the threshold', async () => {
    const did = newAgent().did;
    await bench.store.publish(bench.outgoing(did, { tenant: 'acme' }));
    await hold(did, limits.inboxMessages * 0.9 - 1, 'acme');
    await look();
    expect(await told()).toEqual([]);
    await hold(did, limits.inboxMessages * 0.9, 'acme');
    await look();
    await look();
    const raised = {
      past: 'raised',
      tenant: 'acme',
      kind: 'inboxFull',
      on: did,
      value: 9_000,
      threshold: 9_000,
    };
    expect(await told()).toEqual([raised]);
    await hold(did, 8_000, 'acme');
    await look();
    expect(await told()).toHaveLength(1);
    await hold(did, 9_500, 'acme');
    await look();
    expect(await told()).toHaveLength(1);
    await hold(did, 7_999, 'acme');
    await look();
    const cleared = { ...raised, past: 'cleared', value: 7_999, threshold: 8_000 };
    expect(await told()).toEqual([raised, cleared]);
  });

  it('clear the alert of a queue that is empty, and forget the queue', async () => {
    const did = newAgent().did;
    await bench.store.publish(bench.outgoing(did));
    await hold(did, 9_000);
    await look();
    await hold(did, 0);
    await look();
    expect(await told()).toMatchObject([{ past: 'raised' }, { past: 'cleared', on: did, value: 0 }]);
    const { source } = partitionKeys(bench.partitionOf(did));
    expect(await bench.redis.exists(`cc:{${source}}:queues`)).toBe(0);
    await bench.store.publish(bench.outgoing(did));
    await hold(did, 9_000);
    await look();
    expect(await told()).toMatchObject([{}, {}, { past: 'raised', on: did }]);
  });

  it('go on for each other: what one has raised, the other clears and does not raise again', async () => {
    const did = newAgent().did;
    await bench.store.publish(bench.outgoing(did));
    await hold(did, 9_000);
    await jobs[0]!.look();
    await bench.redis.del('cc:{bus.monitor}:lease');
    await jobs[1]!.look();
    expect(await told()).toHaveLength(1);
    await hold(did, 1);
    await look();
    expect(await told()).toMatchObject([{ past: 'raised' }, { past: 'cleared', value: 1 }]);
  });

  it('raise the oldest wait of a partition; a partition with nothing in it clears it', async () => {
    const did = newAgent().did;
    await bench.store.publish(bench.outgoing(did));
    const on = partitionKeys(bench.partitionOf(did)).source;
    nowMs += 1_900_000;
    await look();
    expect(await told()).toMatchObject([
      { past: 'raised', tenant: 'default', kind: 'oldestWait', on, threshold: 1_800 },
    ]);
    const leased = await bench.store.fetch({
      tenant: 'default',
      recipient: did,
      count: 1,
      leaseSeconds: 600,
    });
    await look();
    expect(await told()).toHaveLength(1);
    await bench.store.ack(
      'default',
      did,
      leased.map(({ id, token }) => ({ id, secret: token })),
    );
    await look();
    expect(await told()).toMatchObject([{ past: 'raised' }, { past: 'cleared', value: 0 }]);
  });

  it('raise dead letters that come, not those that are there', async () => {
    const burials = `cc:{${partitionKeys(1).source}}:burials`;
    const bury = (count: number) =>
      bench.redis.zadd(burials, ...Array.from({ length: count }, () => [1, newAgent().did]).flat());
    await bury(50);
    await look();
    await bury(9);
    monotonicMs += 10_000;
    await look();
    expect(await told()).toEqual([]);
    await bury(1);
    monotonicMs += 10_000;
    await look();
    expect(await told()).toMatchObject([{ past: 'raised', kind: 'deadLetters', on: 'bus.1', value: 10 }]);
    monotonicMs += 55_000;
    await look();
    expect(await told()).toMatchObject([{}, { past: 'cleared', kind: 'deadLetters', on: 'bus.1', value: 0 }]);
  });

  describe('as metrics', () => {
    it('show every partition from one of them, and what is not known is not there', async () => {
      const did = newAgent().did;
      const partition = bench.partitionOf(did);
      for (let n = 0; n < 3; n++) await bench.store.publish(bench.outgoing(did));
      await bench.store.publish(bench.outgoing(did, { delaySeconds: 60 }));
      await bench.store.fetch({ tenant: 'default', recipient: did, count: 1, leaseSeconds: 30 });
      // In one process they share the metrics: the one that is not on the watch goes first.
      await jobs[0]!.look();
      const of = (name: string) => samples(`concordat_bus_${name}`);
      expect(await of('messages')).toEqual(
        expect.arrayContaining([
          [{ partition }, 4],
          [{ partition: 1 - partition }, 0],
        ]),
      );
      expect(await of('leased_messages')).toContainEqual([{ partition }, 1]);
      expect(await of('delayed_messages')).toContainEqual([{ partition }, 1]);
      expect(await of('dead_letters')).toContainEqual([{ partition }, 0]);
      expect(await of('feed_events')).toContainEqual([{ partition }, 5]);
      expect((await of('oldest_wait_seconds')).map(([labels]) => labels)).toEqual([{ partition }]);
      await jobs[1]!.look();
      for (const name of ['messages', 'leased_messages', 'oldest_wait_seconds', 'feed_events'])
        expect(await of(name)).toEqual([]);
    });
  });
});
