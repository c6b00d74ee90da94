import { comparePositions, type EventEnvelope, origin, type Position } from '@concordat/contracts';
import type { EventLog, LogHead, ReadRequest } from './event-log';

interface Source {
  entries: EventEnvelope[];
  head: LogHead | undefined;
  readonly cursors: Map<string, Position>;
}

/** Event streams in memory, with the promises of the real ones but durability: for tests and simulations. */
export class MemoryEventLog implements EventLog {
  readonly #sources = new Map<string, Source>();
  readonly #waiting = new Set<() => void>();

  async head(source: string): Promise<LogHead | undefined> {
    return this.#source(source).head;
  }

  async append(
    source: string,
    expected: Position,
    entries: readonly EventEnvelope[],
  ): Promise<LogHead | undefined> {
    const kept = this.#source(source);
    if (comparePositions(kept.head?.at ?? origin, expected) === 0) {
      kept.entries.push(...entries);
      const last = entries.at(-1);
      if (last) kept.head = { at: last.at, hash: last.hash ?? '' };
      for (const wake of this.#waiting) wake();
    }
    return kept.head;
  }

  async read(requests: readonly ReadRequest[], count: number): Promise<Map<string, EventEnvelope[]>> {
    const found = this.#find(requests, count);
    if (found.size > 0) return found;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, 50);
      this.#waiting.add(wake);
    });
    return this.#find(requests, count);
  }

  async saveCursor(source: string, reader: string, at: Position): Promise<void> {
    this.#source(source).cursors.set(reader, at);
  }

  async trim(source: string, keep: number): Promise<number> {
    const kept = this.#source(source);
    const [lowest] = [...kept.cursors.values()].sort(comparePositions);
    if (!lowest) return 0;
    const length = kept.entries.length;
    const newest = kept.entries.slice(-keep - 1);
    kept.entries = kept.entries.filter(
      (entry) => comparePositions(entry.at, lowest) >= 0 || newest.includes(entry),
    );
    return length - kept.entries.length;
  }

  async close(): Promise<void> {
    for (const wake of this.#waiting) wake();
  }

  #find(requests: readonly ReadRequest[], count: number): Map<string, EventEnvelope[]> {
    const found = requests.map(({ source, after }): [string, EventEnvelope[]] => [
      source,
      this.#source(source)
        .entries.filter(({ at }) => comparePositions(at, after) > 0)
        .slice(0, count),
    ]);
    return new Map(found.filter(([, entries]) => entries.length > 0));
  }

  #source(name: string): Source {
    let source = this.#sources.get(name);
    if (!source) {
      source = { entries: [], head: undefined, cursors: new Map() };
      this.#sources.set(name, source);
    }
    return source;
  }
}
