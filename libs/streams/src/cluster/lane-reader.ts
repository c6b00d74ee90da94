import {
  newestId,
  noNews,
  readOn,
  type StreamEntry,
  type StreamNews,
  type StreamPlace,
  type StreamReader,
} from '../stream-reader';
import { untilBack } from '../redis-connection';
import type { ClusterConnection, ClusterNodes } from './cluster-connection';

/** Each costs a connection: enough for the largest bus, and the feeds of all services. */
const lanesLimit = 512;

type Outcome =
  | { readonly entries: readonly [string, StreamEntry[]][] }
  | { readonly begun: string }
  | { readonly failed: unknown };

/**
 * In a cluster a blocking read may name streams of one slot only, also when their node is the same, and what is sent
 * behind it waits. So every stream has a lane: a connection to the node that serves it, which follows it when it moves.
 */
export class LaneReader implements StreamReader {
  readonly #lanes = new Map<string, Lane>();
  #wake: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly cluster: ClusterNodes) {}

  /** @throws Error for more streams than there may be lanes */
  read(places: ReadonlyMap<string, StreamPlace>, count: number): Promise<StreamNews> {
    const news = this.#last.then(() => this.#read(places, count));
    this.#last = news.catch(() => undefined);
    return news;
  }

  async #read(places: ReadonlyMap<string, StreamPlace>, count: number): Promise<StreamNews> {
    for (const [key, lane] of this.#lanes) if (!places.has(key)) this.#drop(key, lane);
    for (const [key, place] of places) this.#lane(key).ask(place, count);
    const lanes = [...this.#lanes.values()];
    if (!lanes.some((lane) => lane.isDone)) await new Promise<void>((resolve) => (this.#wake = resolve));
    const news = noNews();
    for (const [key, lane] of this.#lanes) {
      const outcome = lane.take();
      if (!outcome) continue;
      if ('failed' in outcome) news.failed.set(key, outcome.failed);
      else if ('begun' in outcome) news.begun.set(key, outcome.begun);
      else for (const [, entries] of outcome.entries) news.entries.set(key, entries);
    }
    return news;
  }

  close(): void {
    for (const [key, lane] of this.#lanes) this.#drop(key, lane);
    this.cluster.disconnect();
    this.#wake();
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    if (this.#lanes.size >= lanesLimit) throw new Error(`a reader reads at most ${lanesLimit} streams`);
    const lane = new Lane(this.cluster.another(), key, () => this.#wake());
    this.#lanes.set(key, lane);
    return lane;
  }

  #drop(key: string, lane: Lane): void {
    lane.close();
    this.#lanes.delete(key);
  }
}

/** One stream of many: at most one read under way, whose outcome waits until it is taken. */
class Lane {
  #place: StreamPlace | null = null;
  #outcome: Outcome | undefined;
  #hasFailed = false;

  constructor(
    private readonly redis: ClusterConnection,
    private readonly key: string,
    private readonly onDone: () => void,
  ) {}

  get isDone(): boolean {
    return this.#outcome !== undefined;
  }

  /** Reads on after the place, unless that is under way. What was under way for another place is forgotten. */
  ask(place: StreamPlace, count: number): void {
    if (this.#place === place) return;
    this.#place = place;
    this.#outcome = undefined;
    const isCurrent = (): boolean => this.#place === place;
    void this.#read(place, count).then((outcome) => {
      if (!isCurrent()) return;
      this.#outcome = outcome;
      this.#hasFailed = 'failed' in outcome;
      this.onDone();
    });
  }

  take(): Outcome | undefined {
    const outcome = this.#outcome;
    if (outcome) this.#place = null;
    this.#outcome = undefined;
    return outcome;
  }

  /** What was under way ends here, and wakes nobody. */
  close(): void {
    this.#place = null;
    this.redis.disconnect();
  }

  async #read(place: StreamPlace, count: number): Promise<Outcome> {
    try {
      if (this.#hasFailed) await untilBack(this.redis);
      if (place === undefined) return { begun: await newestId(this.redis, this.key) };
      return { entries: await readOn(this.redis, new Map([[this.key, place]]), count) };
    } catch (failed) {
      return { failed };
    }
  }
}
