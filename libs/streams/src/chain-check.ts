import {
  type AlgorithmValue,
  chainParts,
  comparePositions,
  type EventEnvelope,
  formatPosition,
  type Position,
} from '@concordat/contracts';
import { chainHeadBytes, isChainLink, verifySignatures } from '@concordat/crypto';
import type { MalformedEntry } from './event-log';

/** Entries are missing between the last one seen and this one: read models start again from a snapshot. */
export class GapError extends Error {
  override readonly name = 'GapError';
  constructor(
    readonly source: string,
    readonly last: Position,
    readonly found: EventEnvelope,
  ) {
    const [before, after] = [formatPosition(last), formatPosition(found.at)];
    super(`${source}: after ${before} comes ${after}, whose predecessor is ${formatPosition(found.prev)}`);
  }
}

/** An entry was not written by the service it claims: nothing after it is believed. */
export class ForgeryError extends Error {
  override readonly name = 'ForgeryError';
  constructor(
    readonly source: string,
    readonly entry: EventEnvelope,
    what: string,
  ) {
    super(`${source} ${formatPosition(entry.at)}: ${what}`);
  }
}

/** An entry without an envelope: a plain source goes on behind it, a chained one stands still. */
export class MalformedEntryError extends Error {
  override readonly name = 'MalformedEntryError';
  readonly source: string;

  constructor(readonly entry: MalformedEntry) {
    super(`${entry.source} ${entry.entryId}: ${entry.reason}`);
    this.source = entry.source;
  }
}

/** Where a reader stands in a source. */
export interface ReadingPlace {
  /** Read entries after this id. */
  readonly after: Position;
  /** What the next entry must name as its predecessor. */
  readonly expected: Position;
}

export const placeAfter = (at: Position): ReadingPlace => ({ after: at, expected: at });

/** The place from which the entry that revealed a gap is read as if there were none. */
export const placeAtGap = ({ found }: GapError): ReadingPlace => ({
  after: { epoch: found.at.epoch, position: found.at.position - 1 },
  expected: found.prev,
});

export interface ChainVerdict {
  /** Entries that may be believed. */
  readonly released: readonly EventEnvelope[];
  /** What kept the rest from being read; the check stands before the entry that caused it. */
  readonly problem: GapError | ForgeryError | undefined;
}

/** Entries waiting for a signature: a relay signs every batch, and its batches are smaller. */
const unsignedLimit = 1_024;

/**
 * Follows one source: every entry must name the last one as its predecessor; on a chained source it must also hash to
 * what it says, and entries are released only when a signature of the pinned identity covers them.
 */
export class ChainCheck {
  #place: ReadingPlace;
  #lastHash: string | undefined;
  #unsigned: EventEnvelope[] = [];

  /** @param trusted keys of the publishing service; undefined for a source without a chain */
  constructor(
    readonly source: string,
    start: ReadingPlace,
    private readonly trusted: readonly AlgorithmValue[] | undefined,
  ) {
    this.#place = start;
  }

  /** Read on after this position. */
  get after(): Position {
    return this.#place.after;
  }

  /** Whether the source is chained and signed. */
  get isChained(): boolean {
    return this.trusted !== undefined;
  }

  /** Goes past an entry that has no envelope; what follows must still name the last good one. */
  skip(entry: Position): void {
    this.#place = { ...this.#place, after: entry };
  }

  accept(entries: readonly EventEnvelope[]): ChainVerdict {
    const released: EventEnvelope[] = [];
    for (const entry of entries) {
      const problem = this.#problemWith(entry);
      if (problem) return { released, problem };
      this.#place = placeAfter(entry.at);
      this.#lastHash = entry.hash ?? undefined;
      this.#unsigned.push(entry);
      if (!this.trusted || entry.signatures.length > 0) released.push(...this.#unsigned.splice(0));
    }
    return { released, problem: undefined };
  }

  #problemWith(entry: EventEnvelope): GapError | ForgeryError | undefined {
    if (comparePositions(entry.prev, this.#place.expected) !== 0) {
      return new GapError(this.source, this.#place.expected, entry);
    }
    const reason = this.trusted && this.#forgery(entry, this.trusted);
    return reason ? new ForgeryError(this.source, entry, reason) : undefined;
  }

  #forgery(entry: EventEnvelope, trusted: readonly AlgorithmValue[]): string | undefined {
    if (!isChainLink(entry.prevHash ?? '', entry.hash ?? '', chainParts(entry))) {
      return 'the entry does not hash to what it says';
    }
    if (this.#lastHash !== undefined && this.#lastHash !== entry.prevHash)
      return 'the entry continues another chain';
    if (this.#unsigned.length >= unsignedLimit)
      return `more than ${unsignedLimit} entries came without a signature`;
    if (entry.signatures.length === 0) return undefined;
    const head = chainHeadBytes(this.source, formatPosition(entry.at), entry.hash!);
    return verifySignatures(head, entry.signatures, trusted)
      ? undefined
      : 'the signature is not by the pinned identity';
  }
}
