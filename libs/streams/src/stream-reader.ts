import { blockMs } from './node-connection';
import { type RedisConnection, untilBack } from './redis-connection';

export type StreamEntry = [id: string, fields: string[]];

/** Id of the entry to read on after; undefined: the newest one there is. */
export type StreamPlace = string | undefined;

export interface StreamNews {
  /** What came, by key, in order. */
  readonly entries: Map<string, StreamEntry[]>;
  /** For keys whose place was not known: the id from which on every entry will be read. `0-0` for an empty stream. */
  readonly begun: Map<string, string>;
  /** Keys that could not be read. */
  readonly failed: Map<string, unknown>;
}

/** Reads many streams, whichever servers they lie on. One call at a time. */
export interface StreamReader {
  /**
   * Waits for entries after the given places, for a bounded time. Streams that cannot be read take nothing from the
   * others; they are tried again by the next call, which waits until their server is back, for a bounded time too.
   * @param count most entries per stream
   */
  read(places: ReadonlyMap<string, StreamPlace>, count: number): Promise<StreamNews>;
  close(): void;
}

export const noNews = (): StreamNews => ({ entries: new Map(), begun: new Map(), failed: new Map() });

/** All streams lie on one server: one blocking read serves them all. */
export class ServerReader implements StreamReader {
  #hasFailed = false;

  constructor(private readonly blocking: RedisConnection) {}

  async read(places: ReadonlyMap<string, StreamPlace>, count: number): Promise<StreamNews> {
    if (this.#hasFailed) await untilBack(this.blocking);
    const news = noNews();
    const unknown = [...places].filter(([, place]) => place === undefined).map(([key]) => key);
    try {
      if (unknown.length > 0) {
        const ids = await Promise.all(unknown.map((key) => newestId(this.blocking, key)));
        unknown.forEach((key, index) => news.begun.set(key, ids[index]!));
      } else {
        for (const [key, entries] of await readOn(this.blocking, places, count))
          news.entries.set(key, entries);
      }
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      for (const key of places.keys()) news.failed.set(key, error);
    }
    return news;
  }

  close(): void {
    this.blocking.disconnect();
  }
}

export async function newestId(redis: RedisConnection, key: string): Promise<string> {
  const [newest] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
  return newest?.[0] ?? '0-0';
}

/** One blocking read. @param places all known, all on the server of the connection */
export async function readOn(
  redis: RedisConnection,
  places: ReadonlyMap<string, StreamPlace>,
  count: number,
): Promise<[key: string, entries: StreamEntry[]][]> {
  const ids = [...places.values()].map((place) => place!);
  const reply = await redis.xread('COUNT', count, 'BLOCK', blockMs, 'STREAMS', ...places.keys(), ...ids);
  return (reply ?? []) as [string, StreamEntry[]][];
}
