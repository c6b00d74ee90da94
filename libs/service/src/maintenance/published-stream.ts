import {
  type AlgorithmValue,
  comparePositions,
  type EventEnvelope,
  formatPosition,
  origin,
  type Position,
} from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import { type Head, type PublishedEvents, StreamGapError } from '@concordat/eventsourcing';
import {
  ChainCheck,
  type EventLog,
  GapError,
  placeAfter,
  placeAtGap,
  type ReadingPlace,
} from '@concordat/streams';

/** Entries of one read. */
const count = 500;

const advice =
  'What is between is neither in the file nor in the stream. Use a newer backup, or go on without it: --accept-loss.';

/** The event stream of a service in Redis, as a source to recover from: chain and signatures are checked. */
export class PublishedStream implements PublishedEvents {
  /** @param trusted keys of the service that publishes */
  constructor(
    private readonly log: Pick<EventLog, 'head' | 'read'>,
    private readonly source: string,
    private readonly trusted: readonly AlgorithmValue[],
  ) {}

  async *after({ at, hash }: Head): AsyncGenerator<readonly EventEnvelope[]> {
    const end = await this.log.head(this.source);
    if (!end) throw new StreamGapError(`Redis holds no stream of ${this.source}. ${advice}`);
    const isSamePlace = comparePositions(end.at, at) === 0;
    if (isSamePlace && end.hash !== toBase64url(hash))
      throw new StreamGapError(
        `The stream and the file have different events at ${formatPosition(at)}. ${advice}`,
      );
    yield* this.#read(placeAfter(at));
  }

  async *all(): AsyncGenerator<readonly EventEnvelope[]> {
    if (!(await this.log.head(this.source))) return;
    const first = await this.#entriesAfter(origin);
    // A trimmed stream begins with a gap, which is known here.
    const { problem } = new ChainCheck(this.source, placeAfter(origin), this.trusted).accept(
      first.slice(0, 1),
    );
    yield* this.#read(problem instanceof GapError ? placeAtGap(problem) : placeAfter(origin));
  }

  async *#read(start: ReadingPlace): AsyncGenerator<readonly EventEnvelope[]> {
    const check = new ChainCheck(this.source, start, this.trusted);
    let released = start.after;
    for (;;) {
      const end = await this.log.head(this.source);
      if (!end || comparePositions(check.after, end.at) >= 0) break;
      const entries = await this.#entriesAfter(check.after);
      if (entries.length === 0)
        throw new StreamGapError(`The stream has no events after ${formatPosition(check.after)}. ${advice}`);
      const verdict = check.accept(entries);
      if (verdict.released.length > 0) {
        released = verdict.released.at(-1)!.at;
        yield verdict.released;
      }
      if (verdict.problem instanceof GapError)
        throw new StreamGapError(`${verdict.problem.message}. ${advice}`);
      if (verdict.problem) throw verdict.problem;
    }
    if (comparePositions(released, check.after) < 0)
      throw new Error(`The stream of ${this.source} is not signed after ${formatPosition(released)}.`);
  }

  async #entriesAfter(after: Position): Promise<readonly EventEnvelope[]> {
    const read = await this.log.read([{ source: this.source, after }], count, ({ entryId, reason }) => {
      throw new Error(`The entry ${entryId} of the stream cannot be read: ${reason}`);
    });
    return read.get(this.source) ?? [];
  }
}
