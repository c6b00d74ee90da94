import { createLogger, sleep } from '@concordat/runtime';
import { eventually, newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import type { PartitionScripts } from './partition-scripts';
import { SweeperJob } from './sweeper.job';

const logger = createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' });

describe('the sweepers of two gateways', () => {
  let bench: BusBench;
  let sweepers: SweeperJob[];
  beforeAll(async () => {
    bench = await startBusBench();
    const stores = [bench.store, await bench.anotherStore()];
    sweepers = stores.map((store) => new SweeperJob(store.scripts, bench.partitions, sleep, logger));
    for (const sweeper of sweepers) sweeper.onApplicationBootstrap();
  });
  afterAll(async () => {
    await Promise.all(sweepers.map((sweeper) => sweeper.beforeApplicationShutdown()));
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
      dids.map((recipient) => bench.store.fetch({ tenant: 'default', recipient, count: 1, leaseSeconds: 1 })),
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
      const due = `cc:{bus.${bench.partitionOf(to)}}:q:default:i:${to}:due`;
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

describe('a sweeper', () => {
  it('looks again soon when something ends soon, and seldom when nothing does', async () => {
    const waits: number[] = [];
    const turns = [30, 400, 5_000, 0, -1];
    const nothing = [0, 0, 0, 0, 0];
    const scripts = {
      run: async () => [...nothing, turns[waits.length] ?? -1],
    } as unknown as PartitionScripts;
    let resolve: () => void;
    const done = new Promise<void>((resolved) => (resolve = resolved));
    const wait = async (ms: number): Promise<void> => {
      if (waits.push(ms) >= turns.length) resolve();
      await new Promise(setImmediate);
    };
    const sweeper = new SweeperJob(scripts, 1, wait, logger);
    sweeper.onApplicationBootstrap();
    await done;
    await sweeper.beforeApplicationShutdown();
    expect(waits.slice(0, turns.length)).toEqual([30, 400, 1_000, 20, 1_000]);
  });
});
