import { parsePosition, services } from '@concordat/contracts';
import { busSource, feedSource, fromRedisError, type RedisConnection, streamKeys } from '@concordat/streams';

/** How an audit feed is. */
export interface FeedState {
  readonly source: string;
  /** Events that it holds, those that were read included. */
  readonly length: number;
  /** By name; events behind the head, undefined is not known. */
  readonly readers: ReadonlyMap<string, number | undefined>;
}

/** Every source of the audit trail, by name. */
export const feedSources = (partitions: number): string[] =>
  [
    ...(['iam', 'vault'] as const),
    ...services.map(feedSource),
    ...Array.from({ length: partitions }, (_, partition) => busSource(partition)),
  ].sort();

/** The audit feeds and how far their durable readers are. */
export class FeedStates {
  constructor(private readonly redis: Pick<RedisConnection, 'hget' | 'hgetall' | 'xlen'>) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async read(source: string): Promise<FeedState> {
    try {
      // The head last: it is never behind a cursor that was read before.
      const cursors = await this.redis.hgetall(streamKeys.cursors(source));
      const [length, head] = await Promise.all([
        this.redis.xlen(streamKeys.events(source)),
        this.redis.hget(streamKeys.head(source), 'at'),
      ]);
      const readers = Object.entries(cursors).map(([name, cursor]): [string, number | undefined] => [
        name,
        lagOf(head ?? '', cursor),
      ]);
      return { source, length, readers: new Map(readers.sort(([a], [b]) => (a < b ? -1 : 1))) };
    } catch (error) {
      throw fromRedisError(error);
    }
  }
}

/** Positions are contiguous within an epoch; over the beginning of another one nobody can count. */
function lagOf(head: string, cursor: string): number | undefined {
  const [last, read] = [parsePosition(head), parsePosition(cursor)];
  if (!last || !read || last.epoch !== read.epoch || last.position < read.position) return undefined;
  return last.position - read.position;
}
