import { createLogger, sleep } from '@concordat/runtime';
import { eventually, newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import type { MessageStore } from './message-store';
import { ReaperJob } from './reaper.job';

const logger = createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' });

describe('the reapers of two gateways', () => {
  let bench: BusBench;
  let reapers: ReaperJob[];
  beforeAll(async () => {
    bench = await startBusBench();
    const stores = [bench.store, await bench.anotherStore()];
    reapers = stores.map((store) => new ReaperJob(store, bench.partitions, sleep, logger));
    for (const reaper of reapers) reaper.onApplicationBootstrap();
  });
  afterAll(async () => {
    await Promise.all(reapers.map((reaper) => reaper.beforeApplicationShutdown()));
    await bench.stop();
  });

  it('end every lease and every life once between them', async () => {
    const dids = Array.from({ length: 20 }, () => newAgent().did);
    const leased = dids.map((to) => bench.store.publish(bench.outgoing(to)));
    const mortal = dids.map((to) =>
      bench.store.publish(bench.outgoing(to, { ttlSeconds: 1, priority: 'LOW' })),
    );
    const [first, second] = [await Promise.all(leased), await Promise.all(mortal)];
    await Promise.all(
      dids.map((recipient) =>
        bench.store.fetch({ tenant: 'default', recipient, count: 1, leaseSeconds: 1, consumer: 'bus-1' }),
      ),
    );
    const state = ({ id, partition }: { id: string; partition: number }) =>
      bench.store.state('default', partition, id).then((found) => found?.status);
    await eventually(async () => {
      expect(await Promise.all(first.map(state))).toEqual(dids.map(() => 'PENDING'));
      expect(await Promise.all(second.map(state))).toEqual(dids.map(() => 'EXPIRED'));
    });
    const life = (await Promise.all([0, 1].map((partition) => bench.life(partition)))).flat();
    for (const { id } of second)
      expect(life.filter(({ message, event }) => message === id && event === 'expired')).toHaveLength(1);
    for (const to of dids) {
      const due = `cc:{bus.${bench.partitionOf(to)}}:inbox:default:${to}:due`;
      expect(await bench.redis.llen(due)).toBe(1);
    }
  });

  it('go on after Redis was killed', async () => {
    await bench.server.kill9();
    const to = newAgent().did;
    const { id, partition } = await eventually(() =>
      bench.store.publish(bench.outgoing(to, { ttlSeconds: 1, commandId: 'after the kill' })),
    );
    await eventually(async () =>
      expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'EXPIRED' }),
    );
  });
});

describe('a reaper', () => {
  it('looks again soon when something ends soon, and seldom when nothing does', async () => {
    const waits: number[] = [];
    const turns = [30, 400, 5_000, 0, -1];
    const nothing = { ended: 0, expired: 0, failed: 0 };
    const store = {
      reap: async () => ({ ...nothing, nextMs: turns[waits.length] ?? -1 }),
    } as unknown as MessageStore;
    let resolve: () => void;
    const done = new Promise<void>((resolved) => (resolve = resolved));
    const wait = async (ms: number): Promise<void> => {
      if (waits.push(ms) >= turns.length) resolve();
      await new Promise(setImmediate);
    };
    const reaper = new ReaperJob(store, 1, wait, logger);
    reaper.onApplicationBootstrap();
    await done;
    await reaper.beforeApplicationShutdown();
    expect(waits.slice(0, turns.length)).toEqual([30, 400, 1_000, 20, 1_000]);
  });
});
