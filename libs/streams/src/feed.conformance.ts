import { RequestRefused } from '@concordat/contracts';
import { ChainCheck, placeAfter } from './chain-check';
import { blockingConnection, commandConnection } from './connection';
import { Feed, type FeedEvent } from './feed';
import { streamKeys } from './keys';
import { type RedisConnection, whenReady } from './redis-connection';
import { RedisEventLog } from './redis-event-log';
import { RefusalFeed } from './refusal-feed';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const origin = { epoch: 0, position: 0 };

const event = (caller: string): FeedEvent => ({
  spec: RequestRefused,
  tenant: 't1',
  actor: 'anonymous',
  data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller, count: 1 },
  correlation: null,
  traceparent: null,
});

/** What every Redis promises to a feed. @param url of a durable one */
export function describeFeed(where: string, url: () => string): void {
  describe(`a feed in ${where}`, () => feedSpecs(url));
}

function feedSpecs(url: () => string): void {
  let redis: RedisConnection;
  let log: RedisEventLog;

  beforeAll(async () => {
    redis = commandConnection({ url: url(), name: 'test' });
    log = new RedisEventLog(redis, blockingConnection({ url: url(), name: 'test-reader' }));
    await whenReady(redis, 5_000);
  });
  afterAll(() => log.close());

  const feed = (source: string, instance = 'bus-1', startedAtMs = 1) =>
    new Feed({ redis, source, instance, startedAtMs, now: () => new Date(), sleep });
  const callers = async (source: string): Promise<unknown[]> => {
    const all = (await log.read([{ source, after: origin }], 10_000)).get(source) ?? [];
    expect(new ChainCheck(source, placeAfter(origin), undefined).accept(all).problem).toBeUndefined();
    return all.map(({ data }) => (JSON.parse(data) as { caller: string }).caller);
  };

  it('numbers the events of several instances without gaps', async () => {
    const feeds = ['bus-1', 'bus-2'].map((instance) => feed('shared.feed', instance));
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => feeds[i % 2]!.append(event(`c${i}`))));
    const found = await callers('shared.feed');
    expect(new Set(found).size).toBe(1_000);
    expect(found).toHaveLength(1_000);
  });

  it('adds nothing when a batch is sent again, and goes on after a restart of the instance', async () => {
    await feed('again.feed').append(event('a'));
    await feed('again.feed').append(event('a')); // same instance, same start, same counter: the batch sent again
    await feed('again.feed', 'bus-1', 2).append(event('b'));
    expect(await callers('again.feed')).toEqual(['a', 'b']);
  });

  it('refuses a process that was replaced by a later one', async () => {
    await feed('late.feed', 'bus-1', 5).append(event('a'));
    await expect(feed('late.feed', 'bus-1', 4).append(event('b'))).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
  });

  it('refuses an event that does not match its schema', () => {
    expect(() => feed('bad.feed').append({ ...event('a'), data: { nonsense: 1 } })).toThrow();
  });

  it('begins a new epoch when Redis came back without its newest entries, and only then', async () => {
    const source = 'older.feed';
    const writer = feed(source);
    await writer.append(event('a'));
    await writer.append(event('b'));
    const seen = (await log.head(source))!.at;
    expect(await log.beginEpochIfBehind(source, seen, 1)).toBe(false);
    // As an older append-only file would have it: the last entry and its trace in the head are gone.
    await redis.xtrim(streamKeys.events(source), 'MAXLEN', 1);
    await redis.hset(streamKeys.head(source), 'position', 1, 'at', `${seen.epoch}-1`);
    expect(await log.beginEpochIfBehind(source, seen, 1)).toBe(true);
    await feed(source, 'bus-2').append(event('c'));
    const after = (await log.head(source))!.at;
    expect(after).toEqual({ epoch: seen.epoch + 1, position: 2 });
  });

  it('counts a flood of alike refusals together', async () => {
    const timers: (() => void)[] = [];
    const errors: unknown[] = [];
    const refusals = new RefusalFeed({
      feed: feed('flood.feed'),
      windowMs: 1_000,
      setTimer: (run) => timers.push(run),
      onError: (error) => errors.push(error),
    });
    const { data, ...rest } = event('x');
    const { count: _count, ...dataWithoutCount } = data;
    await Promise.all(
      Array.from({ length: 500 }, () => refusals.append({ ...rest, data: dataWithoutCount, key: 'x' })),
    );
    expect(timers).toHaveLength(1);
    await refusals.flush();
    const all = (await log.read([{ source: 'flood.feed', after: origin }], 10)).get('flood.feed')!;
    expect(all.map(({ data: text }) => (JSON.parse(text) as { count: number }).count)).toEqual([1, 499]);
    expect(errors).toEqual([]);
  });
}
