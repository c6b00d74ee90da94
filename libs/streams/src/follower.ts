import { type AlgorithmValue, type EventEnvelope, parsePosition, type Position } from '@concordat/contracts';
import {
  ChainCheck,
  type ForgeryError,
  GapError,
  MalformedEntryError,
  placeAfter,
  type ReadingPlace,
} from './chain-check';
import type { EventLog, MalformedEntry } from './event-log';

export interface FollowedSource {
  readonly source: string;
  /** Where the reader has been; read on after it. */
  readonly after: Position;
  /** Keys of the publishing service, for chained sources. */
  readonly trusted: readonly AlgorithmValue[] | undefined;
}

export interface FollowerOptions {
  readonly log: Pick<EventLog, 'read'>;
  /** Entries per source and read. */
  readonly count: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Effect and cursor of the reader: must be done once for each entry. Called again with the same entries when it throws. */
  readonly onEntries: (bySource: ReadonlyMap<string, readonly EventEnvelope[]>) => Promise<void>;
  /** Entries are missing. The reader says where to go on: after a snapshot, or with what there is. */
  readonly onGap: (gap: GapError) => Promise<ReadingPlace>;
  readonly onError: (error: unknown) => void;
}

const retryMs = 200;

/**
 * Reads several sources with one blocking call and hands over what was checked, until it is stopped. Errors of the log
 * or of the reader are reported and tried again; a forged entry keeps its source standing still, loudly.
 */
export class Follower {
  readonly #checks: Map<string, ChainCheck>;
  readonly #sources: ReadonlyMap<string, FollowedSource>;
  #loop: Promise<void> | undefined;
  #isStopped = false;
  #leaveRead: () => void = () => undefined;

  constructor(
    sources: readonly FollowedSource[],
    private readonly options: FollowerOptions,
  ) {
    this.#sources = new Map(sources.map((source) => [source.source, source]));
    this.#checks = new Map(
      sources.map(({ source, after, trusted }) => [
        source,
        new ChainCheck(source, placeAfter(after), trusted),
      ]),
    );
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** What was handed over is finished; of a read that is under way nothing will be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#leaveRead();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const malformed: MalformedEntry[] = [];
        const read = await this.#read((entry) => malformed.push(entry));
        if (read && !this.#isStopped) await this.#handOver(read, malformed);
      } catch (error) {
        this.options.onError(error);
        await this.options.sleep(retryMs);
      }
    }
  }

  /** The read waits in the log for entries to come; who stops does not. @returns undefined when stopped */
  #read(onMalformed: (entry: MalformedEntry) => void) {
    return new Promise<ReadonlyMap<string, readonly EventEnvelope[]> | undefined>((resolve, reject) => {
      this.#leaveRead = () => resolve(undefined);
      this.options.log.read(this.#requests(), this.options.count, onMalformed).then(resolve, reject);
    });
  }

  #requests(): { source: string; after: Position }[] {
    return [...this.#checks.values()].map(({ source, after }) => ({ source, after }));
  }

  async #handOver(
    read: ReadonlyMap<string, readonly EventEnvelope[]>,
    malformed: readonly MalformedEntry[],
  ): Promise<void> {
    const released = new Map<string, readonly EventEnvelope[]>();
    const problems: (GapError | ForgeryError | MalformedEntryError)[] = [];
    for (const [source, entries] of read) {
      const verdict = this.#checks.get(source)!.accept(entries);
      if (verdict.released.length > 0) released.set(source, verdict.released);
      if (verdict.problem) problems.push(verdict.problem);
    }
    if (released.size > 0) await this.#deliver(released);
    // A source with a problem of its own is not past it yet; the malformed entry behind it comes again.
    const stuck = new Set(problems.map(({ source }) => source));
    problems.push(
      ...malformed.filter(({ source }) => !stuck.has(source)).map((entry) => new MalformedEntryError(entry)),
    );
    await this.#handle(problems);
  }

  /** What can be gone past is gone past first; then the first that cannot is thrown, and its source stands still. */
  async #handle(problems: readonly (GapError | ForgeryError | MalformedEntryError)[]): Promise<void> {
    const standing: Error[] = [];
    for (const problem of problems) {
      if (problem instanceof GapError) this.#restart(problem.source, await this.options.onGap(problem));
      else if (problem instanceof MalformedEntryError && this.#goPast(problem)) this.options.onError(problem);
      else standing.push(problem);
    }
    if (standing[0]) throw standing[0];
  }

  #goPast({ source, entry }: MalformedEntryError): boolean {
    const check = this.#checks.get(source)!;
    const at = parsePosition(entry.entryId);
    if (check.isChained || !at) return false;
    check.skip(at);
    return true;
  }

  async #deliver(released: ReadonlyMap<string, readonly EventEnvelope[]>): Promise<void> {
    while (!this.#isStopped) {
      try {
        return await this.options.onEntries(released);
      } catch (error) {
        this.options.onError(error);
        await this.options.sleep(retryMs);
      }
    }
  }

  #restart(source: string, place: ReadingPlace): void {
    this.#checks.set(source, new ChainCheck(source, place, this.#sources.get(source)!.trusted));
  }
}
