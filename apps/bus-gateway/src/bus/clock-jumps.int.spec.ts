import { newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import type { Received } from './bus-driver.fixture';
import { inboxOf } from './queue';

const hour = 3_600_000;
const jumps = [hour, -hour, 24 * hour, -24 * hour, hour, 24 * hour, -24 * hour, -hour];

describe('the clock of the machine, while many leases are open', () => {
  let bench: BusBench;
  beforeAll(async () => (bench = await startBusBench()));
  afterAll(() => bench.stop());

  const partitions = [0, 1];
  const sweepAll = async () => {
    const swept = await Promise.all(partitions.map((partition) => bench.store.sweep(partition)));
    return swept.reduce((sum, { returned, failed, expired }) => sum + returned + failed + expired, 0);
  };
  const ack = (message: Received, consumer: string) =>
    bench.store.settle({ ...message, consumer, verb: 'ack' });

  it('jumps an hour and a day, back and forth / ends none of them, revives none, and delivers nothing twice', async () => {
    const agents = Array.from({ length: 20 }, () => newAgent().did);
    const [each, ended] = [50, 10];
    const publish = (did: string) => bench.store.publish(bench.outgoing(did, { ttlSeconds: 7_200 }));
    await Promise.all(agents.flatMap((did) => Array.from({ length: each }, () => publish(did))));
    const fetch = (did: string, count: number, leaseSeconds: number) =>
      bench.store.fetchQueue(inboxOf('default', did), did, count, leaseSeconds);
    const stale = new Map<string, Received[]>();
    for (const did of agents) stale.set(did, await fetch(did, ended, 1));
    await Promise.all(partitions.map((partition) => bench.advance(partition, 1_000)));
    let returned = 0;
    for (let more = await sweepAll(); more > 0; more = await sweepAll()) returned += more;
    expect(returned).toBe(agents.length * ended);

    const leased = new Map<string, Received[]>();
    for (const did of agents) leased.set(did, await fetch(did, each, 600));
    let ends = 0;
    for (const jump of jumps) {
      // As if the last look had been so much later, or earlier.
      await Promise.all(partitions.map((partition) => bench.jumpWall(partition, -jump)));
      ends += await sweepAll();
      for (const did of agents) expect(await fetch(did, each, 600)).toEqual([]);
      for (const did of agents) expect(await ack(stale.get(did)![0]!, did)).toBe('stale');
    }
    expect(ends).toBe(0);
    for (const did of agents) {
      expect(leased.get(did)).toHaveLength(each);
      const outcomes = await Promise.all(leased.get(did)!.map((message) => ack(message, did)));
      expect(new Set(outcomes)).toEqual(new Set(['settled']));
    }
    const life = (await Promise.all(partitions.map((partition) => bench.life(partition)))).flat();
    const delivered = life.filter(({ event }) => event === 'delivered').map(({ message }) => message);
    expect(new Set(delivered).size).toBe(agents.length * each);
    expect(delivered).toHaveLength(agents.length * each);
    const counts = `0 of ${agents.length * each} leases ended, 0 of ${returned} ended ones revived, 0 doubled`;
    process.stdout.write(`${jumps.length} jumps of the clock: ${counts}\n`);
  });
});
