import { type EventEnvelope, type Position, toEntryFields } from '@concordat/contracts';
import { MalformedEntryError, placeAtGap } from './chain-check';
import { blockingConnection, commandConnection } from './connection';
import { entries, entry } from './event-log.conformance';
import { Follower } from './follower';
import { streamKeys } from './keys';
import { type RedisConnection, whenReady } from './redis-connection';
import { RedisEventLog } from './redis-event-log';

/** What every Redis promises to a follower. */
export function describeFollower(where: string, url: () => string): void {
  describe(`a follower of several sources in ${where}`, () => followerSpecs(url));
}

function followerSpecs(url: () => string): void {
  let redis: RedisConnection;
  let log: RedisEventLog;
  let follower: Follower | undefined;
  const errors: unknown[] = [];
  const seen: EventEnvelope[] = [];

  beforeAll(async () => {
    redis = commandConnection({ url: url(), name: 'test' });
    log = new RedisEventLog(redis, blockingConnection({ url: url(), name: 'test-reader' }));
    await whenReady(redis, 5_000);
  });
  afterEach(async () => {
    await follower?.stop();
    errors.length = 0;
    seen.length = 0;
  });
  afterAll(() => log.close());

  const add = (source: string, { at, ...rest }: EventEnvelope) =>
    redis.xadd(streamKeys.events(source), `${at.epoch}-${at.position}`, ...toEntryFields({ ...rest, at }));
  const garbage = (source: string, id: string) => redis.xadd(streamKeys.events(source), id, 'nonsense', '1');
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const origin: Position = { epoch: 0, position: 0 };

  function follow(sources: Record<string, boolean>): void {
    const followed = Object.entries(sources).map(([source, isChained]) => ({
      source,
      after: origin,
      trusted: isChained ? [] : undefined,
    }));
    follower = new Follower(followed, {
      log,
      count: 100,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      onEntries: async (bySource) => void seen.push(...[...bySource.values()].flat()),
      onGap: async (gap) => placeAtGap(gap),
      onError: (error) => errors.push(error),
    });
    follower.start();
  }

  it('goes past garbage in a plain source, says so, and still knows what must come next', async () => {
    for (const good of entries(1, 2)) await add('plain', good);
    await garbage('plain', '1-3');
    await add('plain', entry({ epoch: 1, position: 4 }, { epoch: 1, position: 2 }));
    follow({ plain: false });
    await until(() => seen.length === 3);
    expect(seen.map(({ at }) => at.position)).toEqual([1, 2, 4]);
    expect(errors).toEqual([expect.any(MalformedEntryError)]);
  });

  it('stands still before garbage in a chained source, and goes on with the others, gaps included', async () => {
    await garbage('chained', '1-1');
    follow({ chained: true, other: false });
    await add('other', entry({ epoch: 1, position: 1 }, origin));
    await until(() => seen.length === 1);
    await add('other', entry({ epoch: 1, position: 9 }, { epoch: 1, position: 8 }));
    await until(() => seen.length === 2);
    expect(seen.map(({ at }) => at.position)).toEqual([1, 9]);
    expect(errors.every((error) => error instanceof MalformedEntryError)).toBe(true);
  });
}
