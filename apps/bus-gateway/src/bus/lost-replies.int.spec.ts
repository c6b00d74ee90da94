import { eventually, newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import type { BusDriver, Received } from './bus-driver.fixture';
import { type LossyLine, startLossyLine } from './lost-replies.fixture';
import { inboxOf, type Queue, queueName } from './queue';

const partitions = 3;
const total = 1_000;
/** Under way at the same time: what one cut can take the answers of. */
const senders = 8;

describe('the bus behind a line that loses answers', () => {
  let bench: BusBench;
  let line: LossyLine;
  let lossy: BusDriver;
  beforeAll(async () => {
    bench = await startBusBench(partitions);
    line = await startLossyLine(bench.server.url, 6);
    lossy = await bench.storeOver(line.url);
  });
  afterAll(async () => {
    await bench.stop();
    await line.close();
  });

  const group: Queue = { kind: 'group', tenant: 'default', topic: 'news', group: 'g' };
  const agents = Array.from({ length: 4 }, () => newAgent().did);
  const all = Array.from({ length: partitions }, (_, partition) => partition);

  /** Every tenth to everybody, every fifth to a topic, the others to one agent after the other. */
  const targetOf = (n: number): string =>
    n % 10 === 0 ? '*' : n % 5 === 0 ? 'topic:news' : agents[n % agents.length]!;
  const messageOf = (n: number) =>
    bench.outgoing(targetOf(n), {
      ...{ payload: String(n), commandId: `command ${n}`, key: n % 3 === 0 ? `k${n % 7}` : undefined },
      ...(n % 10 === 0 && { ttlSeconds: 3_600 }),
    });
  let repetitions = 0;
  /** Asks until it is answered, as a caller does. */
  const insist = <T>(ask: () => Promise<T>): Promise<T> =>
    eventually(() => {
      repetitions++;
      return ask();
    }, 60_000);

  it(`${total} messages that are sent until they are acknowledged / have one effect each`, async () => {
    for (const partition of all)
      for (const [verb, name] of [
        ['put-topic', ''],
        ['put-group', 'g'],
      ] as const) {
        const args = ['default', verb, 'news', name, '', 'user:a', '0', 10, 10];
        await bench.store.scripts.run('changeTopics', partition, args);
      }
    let next = 0;
    const answered = new Map<number, string>();
    const sender = async (): Promise<void> => {
      for (let n = next++; n < total; n = next++)
        answered.set(n, (await insist(() => lossy.publish(messageOf(n)))).id);
    };
    await Promise.all(Array.from({ length: senders }, sender));
    const [sends, lost] = [repetitions, line.lost()];
    expect(lost).toBeGreaterThan(10);

    const expected = (isMine: (n: number) => boolean) =>
      [...answered].filter(([n]) => isMine(n)).map(([, id]) => id);
    for (const [i, did] of agents.entries()) {
      const received = await drain(inboxOf('default', did), did);
      const mine = expected((n) => n % 10 === 0 || (n % 5 !== 0 && n % agents.length === i));
      expect([...received].sort()).toEqual(mine.sort());
    }
    const shared = await drain(group, agents[0]!);
    expect([...shared].sort()).toEqual(expected((n) => n % 10 !== 0 && n % 5 === 0).sort());

    const life = (await Promise.all(all.map((partition) => bench.life(partition)))).flat();
    for (const event of ['accepted', 'delivered']) {
      const told = life
        .filter((one) => one.event === event && !isBroadcast(one.message))
        .map(({ message }) => message);
      expect([...told].sort()).toEqual(expected((n) => n % 10 !== 0).sort());
    }
    const counts = `${sends} sends, ${lost} cuts while they were sent, ${line.lost()} in all; 0 lost, 0 doubled`;
    process.stdout.write(`${total} messages over a line that loses answers: ${counts}\n`);

    function isBroadcast(id: string): boolean {
      return [...answered].some(([n, known]) => n % 10 === 0 && known === id);
    }
  }, 60_000);

  /**
   * Fetches and acknowledges over the line until nothing is left: what was leased to nobody, because the answer was lost,
   * comes back when its lease ends.
   */
  async function drain(queue: Queue, consumer: string): Promise<string[]> {
    const done: string[] = [];
    const left = async (): Promise<number> => {
      const found = await Promise.all(
        all.map((p) => bench.store.scripts.run('queueState', p, [1, queueName(queue)])),
      );
      return found.reduce<number>((sum, answer) => sum + Number((answer as string[][])[0]![0]), 0);
    };
    for (;;) {
      const found = await lossy.fetchQueue(queue, consumer, 100, 30).catch((): Received[] => []);
      await Promise.all(
        found.map(async (message) => {
          const settle = () => lossy.settle({ ...message, consumer, verb: 'ack' });
          expect(await insist(settle)).toBe('settled');
          done.push(message.id);
        }),
      );
      if (found.length > 0) continue;
      if ((await left()) === 0 && !(await hasMore(queue, consumer, done))) return done;
      for (const partition of all) {
        await bench.advance(partition, 31_000);
        await bench.store.sweep(partition);
      }
    }
  }

  /** Broadcasts are in no queue before they are fetched: the last look is over a line that loses nothing. */
  async function hasMore(queue: Queue, consumer: string, done: string[]): Promise<boolean> {
    const found = await bench.store.fetchQueue(queue, consumer, 100, 30);
    for (const message of found) {
      expect(await bench.store.settle({ ...message, consumer, verb: 'ack' })).toBe('settled');
      done.push(message.id);
    }
    return found.length > 0;
  }
});
