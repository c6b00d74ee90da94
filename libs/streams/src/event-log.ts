import type { EventEnvelope, Position } from '@concordat/contracts';

/** The last entry of a source. `hash` is empty for a source without a chain. */
export interface LogHead {
  readonly at: Position;
  readonly hash: string;
}

export interface ReadRequest {
  readonly source: string;
  /** Entries after this position. */
  readonly after: Position;
}

/** An entry that Concordat did not write, or not so: it has no envelope. */
export interface MalformedEntry {
  readonly source: string;
  /** Id of the stream entry. */
  readonly entryId: string;
  readonly reason: string;
}

/**
 * Streams of events by source. Positions are contiguous: the entry after (e, n) is (e, n+1), or begins a later epoch.
 * What was appended survives a power cut when Redis runs with `appendfsync always`.
 */
export interface EventLog {
  head(source: string): Promise<LogHead | undefined>;
  /**
   * Appends a chained batch when the head is still `expected` (0-0 for an empty source), else changes nothing.
   * @returns the head after the call
   * @throws ConcordatError OVERLOADED when the source is full; SERVICE_UNAVAILABLE when it is unknown what happened
   */
  append(source: string, expected: Position, entries: readonly EventEnvelope[]): Promise<LogHead | undefined>;
  /**
   * Waits for entries after the given positions, for a bounded time.
   * @param onMalformed told of a malformed entry; its source is read up to it, other sources are not touched by it
   * @returns the entries by source, in order; nothing for sources without news
   * @throws ConcordatError SERVICE_UNAVAILABLE
   */
  read(
    requests: readonly ReadRequest[],
    count: number,
    onMalformed?: (entry: MalformedEntry) => void,
  ): Promise<Map<string, EventEnvelope[]>>;
  /** Says up to where a durable reader has stored everything; the source is trimmed below the lowest such place. */
  saveCursor(source: string, reader: string, at: Position): Promise<void>;
  /** Removes what every durable reader has stored, except the newest `keep` positions. @returns how many */
  trim(source: string, keep: number): Promise<number>;
  close(): Promise<void>;
}
