import fc from 'fast-check';
import { startBusBench } from './bus.fixture';
import { History, step } from './inbox-history.fixture';

const runs = 2_000;
/** Histories at the same time, each in a database of its own. */
const lanes = 4;

it(`an inbox in a real Redis does what its model does: ${runs} random histories`, async () => {
  // What is promised when Redis is killed, outage.int.spec.ts tries; here nothing waits for a disk.
  const bench = await startBusBench(1, { flavour: 'volatile' });
  const seen = new Map<string, number>();
  const count = (event: string): void => void seen.set(event, (seen.get(event) ?? 0) + 1);
  let taken = 0;
  try {
    const tryLane = async (lane: number): Promise<void> => {
      const { redis, ...own } = await bench.inDatabase(lane);
      const property = fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 20, size: 'max' }),
        async (steps) => {
          await redis.flushdb();
          const history = new History({ redis, ...own }, count);
          for (const next of steps) await history.take(next);
          await history.compareRest();
          taken += steps.length;
        },
      );
      await fc.assert(property, { numRuns: runs / lanes });
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => tryLane(lane)));
  } finally {
    await bench.stop();
  }
  // The histories must have been about something.
  const events = ['accepted', 'sent', 'delivered', 'returned', 'failed', 'expired'];
  const verdicts = ['ack settled', 'ack stale', 'nack returned', 'extend settled', 'release returned'];
  for (const event of [...events, ...verdicts]) expect([event, seen.get(event) ?? 0]).not.toEqual([event, 0]);
  process.stdout.write(`${runs} histories of ${taken} steps: ${JSON.stringify(Object.fromEntries(seen))}\n`);
}, 300_000);
