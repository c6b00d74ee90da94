import { fromEntryFields, type EventEnvelope, origin, type Position } from '@concordat/contracts';
import {
  blockingConnection,
  busSource,
  ChainCheck,
  placeAfter,
  RedisEventLog,
  streamKeys,
  whenReady,
} from '@concordat/streams';
import { startTopicBench, type TopicBench, upTo } from './topic.fixture';

const partitions = 2;

/** What audit-service does with a partition: reads, stores, says how far it is; what all readers have may be trimmed. */
class AuditReader {
  readonly stored: EventEnvelope[] = [];
  trimmed = 0;
  #at: Position = origin;

  constructor(
    private readonly t: TopicBench,
    private readonly log: RedisEventLog,
    private readonly source: string,
  ) {}

  async read(count: number): Promise<number> {
    const after = `(${this.#at.epoch}-${this.#at.position}`;
    const entries = await this.t.bench.redis.xrange(
      streamKeys.events(this.source),
      after,
      '+',
      'COUNT',
      count,
    );
    const read = entries.map(([id, fields]) => fromEntryFields(id, fields));
    this.stored.push(...read);
    this.#at = read.at(-1)?.at ?? this.#at;
    await this.log.saveCursor(this.source, 'audit', this.#at);
    return read.length;
  }

  async trim(): Promise<void> {
    this.trimmed += await this.log.trim(this.source, 0);
  }
}

describe('consumers that die and groups that go, while the feed is trimmed', () => {
  let t: TopicBench;
  let log: RedisEventLog;
  beforeAll(async () => {
    t = await startTopicBench(partitions);
    const blocking = blockingConnection({ url: t.bench.server.url, name: 'audit' });
    await whenReady(blocking, 5_000);
    log = new RedisEventLog(t.bench.redis, blocking);
  });
  afterAll(async () => {
    await t.stop();
    await log.close();
  });

  it('leave nothing unread out of the feed, no message without an end, and nothing that grows', async () => {
    await t.create();
    for (const group of ['dies', 'goes', 'works']) await t.subscribe(group);
    const readers = upTo(partitions).map((partition) => new AuditReader(t, log, busSource(partition)));
    const messages = 600;
    for (let n = 0; n < messages; n += 50) {
      await t.publishAll(50);
      for (const message of await t.fetch('works')) await t.settle(message, 'ack', undefined);
      // It holds what it got until its leases end, and is not heard of again.
      await t.fetch('dies', undefined, 20);
      if (n === messages / 2) await t.unsubscribe('goes');
      else if (n < messages / 2) await t.fetch('goes', undefined, 5);
      await t.later(n % 100 === 0 ? 31 : 1);
      // The reader is behind: what it has not stored must stay.
      await Promise.all(readers.map((reader) => reader.read(40)));
      await Promise.all(readers.map((reader) => reader.trim()));
    }
    // Another consumer does what the dead one did not.
    await t.later(31);
    for (let found = await t.fetch('dies'); found.length > 0; found = await t.fetch('dies'))
      for (const message of found) await t.settle(message, 'ack', undefined);
    await t.later(31);
    expect([await t.left('dies'), await t.left('goes'), await t.left('works')]).toEqual([0, 0, 0]);

    const ends = new Map<string, number>();
    let events = 0;
    for (const [partition, reader] of readers.entries()) {
      while ((await reader.read(1_000)) > 0);
      await reader.trim();
      const check = new ChainCheck(busSource(partition), placeAfter(origin), undefined).accept(reader.stored);
      expect([check.problem, check.released.length]).toEqual([undefined, reader.stored.length]);
      expect(await t.bench.redis.xlen(streamKeys.events(busSource(partition)))).toBeLessThanOrEqual(1);
      events += reader.stored.length;
      for (const { type, data } of reader.stored) {
        const items = (JSON.parse(data) as { items?: unknown[] }).items ?? [data];
        const event = type.split('.').at(-2)!;
        ends.set(event, (ends.get(event) ?? 0) + items.length);
      }
    }
    const has = (event: string): number => ends.get(event) ?? 0;
    expect(has('accepted')).toBe(messages);
    // Two groups stay to the end, the third for a part of the way: each delivery ends once, and is told to.
    const ofGone = messages / 2 + 50;
    expect(has('delivered') + has('purged') + has('failed')).toBe(2 * messages + ofGone);
    const trimmed = readers.reduce((sum, reader) => sum + reader.trimmed, 0);
    const counts = [...ends].map(([event, count]) => `${count} ${event}`).join(', ');
    process.stdout.write(`${events} events, ${trimmed} trimmed, 0 lost: ${counts}\n`);
  });
});
