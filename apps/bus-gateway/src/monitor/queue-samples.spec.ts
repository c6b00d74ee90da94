import { ConcordatError } from '@concordat/contracts';
import type { Queue } from '../bus/queue';
import { QueueSamples } from './queue-samples';

const queue: Queue = { kind: 'group', tenant: 'default', topic: 'orders', group: 'workers' };

/** Samples of one queue in one partition, whose counter of deliveries is read off a list. */
function samplesOf(...delivered: (number | 'away')[]) {
  let nowMs = 0;
  const asked: number[] = [];
  const run = async (): Promise<unknown> => {
    asked.push(nowMs);
    const next = delivered[asked.length - 1]!;
    if (next === 'away') throw new ConcordatError('SERVICE_UNAVAILABLE');
    return [['0', '0', '0', String(next), '0', '0', [], []]];
  };
  const samples = new QueueSamples({ run }, 1, { nowMs: () => 0 }, () => nowMs);
  const readAt = async (atMs: number) => {
    nowMs = atMs;
    return (await samples.read([queue]))[0]!;
  };
  return { asked, readAt };
}

describe('samples of a queue', () => {
  it('asked for by many at once / cost one question a second', async () => {
    const { asked, readAt } = samplesOf(1, 5);
    await Promise.all([readAt(0), readAt(0), readAt(999)]);
    await readAt(999);
    expect(asked).toEqual([0]);
    expect(await readAt(2_000)).toMatchObject({ delivered: 5, deliveredPerSecond: 2 });
  });

  it('that could not be taken / are not kept, and those before them are', async () => {
    const { asked, readAt } = samplesOf(1, 'away', 7);
    await readAt(0);
    await expect(readAt(1_000)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await readAt(2_000)).toMatchObject({ delivered: 7, deliveredPerSecond: 3 });
    expect(asked).toHaveLength(3);
  });

  it('of a counter that went back, because Redis began anew / have no rate', async () => {
    const { readAt } = samplesOf(9, 2, 4);
    await readAt(0);
    expect(await readAt(1_000)).toMatchObject({ delivered: 2, deliveredPerSecond: undefined });
    expect(await readAt(2_000)).toMatchObject({ delivered: 4, deliveredPerSecond: 2 });
  });
});
