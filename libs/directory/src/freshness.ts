import { comparePositions, ConcordatError, limits, type Position } from '@concordat/contracts';
import type { ControlEntry } from '@concordat/streams';

/** Requests that wait for a position, or a heartbeat, at the same time; further ones are refused. */
const waitersLimit = 10_000;

interface Waiter {
  isServed(): boolean;
  resolve(): void;
}

/**
 * Whether the directory can be believed. It fails closed: without a heartbeat of iam-service within the last second, or
 * with a hole in the control lane that the event stream has not filled yet, a revocation may have been missed.
 */
export class Freshness {
  #applied: Position = { epoch: 0, position: 0 };
  #isLoaded = false;
  #lastBeatMs = Number.NEGATIVE_INFINITY;
  /** The event stream must have reached this for the control lane to be without a hole. */
  #needed: Position | undefined;
  readonly #waiters = new Set<Waiter>();

  /** @param monotonicMs a clock that no administrator can set back */
  constructor(private readonly monotonicMs: () => number) {}

  get applied(): Position {
    return this.#applied;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** A snapshot was read whole; events after `at` follow. */
  loaded(at: Position): void {
    this.#isLoaded = true;
    this.#reach(at);
  }

  /** A new snapshot is needed. */
  unloaded(): void {
    this.#isLoaded = false;
    this.#applied = { epoch: 0, position: 0 };
  }

  /** The event stream was applied up to here. */
  advanced(at: Position): void {
    if (comparePositions(at, this.#applied) > 0) this.#reach(at);
  }

  beat(entry: ControlEntry, isContiguous: boolean): void {
    this.#lastBeatMs = this.monotonicMs();
    if (!isContiguous) this.#needed = entry.head;
    this.#serve();
  }

  /** @returns why the directory cannot be believed, or undefined when it can */
  get staleness(): string | undefined {
    if (!this.#isLoaded) return 'the directory is being loaded';
    const age = this.monotonicMs() - this.#lastBeatMs;
    if (age > limits.directoryAgeMs)
      return `no heartbeat of iam-service for ${Number.isFinite(age) ? `${Math.round(age)} ms` : 'as long as this gateway runs'}`;
    if (this.#needed && comparePositions(this.#applied, this.#needed) < 0)
      return 'the control lane has a hole';
    return undefined;
  }

  /** @throws ConcordatError DIRECTORY_STALE */
  require(): void {
    const reason = this.staleness;
    if (reason !== undefined) throw new ConcordatError('DIRECTORY_STALE', `The gateway refuses: ${reason}.`);
  }

  /**
   * Waits until the directory can be believed. A process that stood still finds the heartbeats of that time in its
   * socket, a moment after the requests.
   * @throws ConcordatError DIRECTORY_STALE after the time, or at once when too many wait
   */
  async whenFresh(timeoutMs: number = limits.directoryWaitMs): Promise<void> {
    if (this.staleness === undefined) return;
    await this.#wait(() => this.staleness === undefined, timeoutMs);
    this.require();
  }

  /**
   * Waits until events up to `at` are applied.
   * @throws ConcordatError POSITION_NOT_REACHED after the time; OVERLOADED when too many wait
   */
  async reached(at: Position, timeoutMs: number): Promise<void> {
    if (this.#has(at)) return;
    if (this.#waiters.size >= waitersLimit) throw new ConcordatError('OVERLOADED');
    await this.#wait(() => this.#has(at), timeoutMs);
    if (!this.#has(at)) throw new ConcordatError('POSITION_NOT_REACHED');
  }

  /** Resolves when it is so, when the time is up, or at once when too many wait. */
  async #wait(isServed: () => boolean, timeoutMs: number): Promise<void> {
    if (this.#waiters.size >= waitersLimit) return;
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      waiter = { isServed, resolve };
      this.#waiters.add(waiter);
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.#waiters.delete(waiter!);
  }

  #reach(at: Position): void {
    this.#applied = at;
    this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiters) if (waiter.isServed()) waiter.resolve();
  }

  #has(at: Position): boolean {
    return this.#isLoaded && comparePositions(this.#applied, at) >= 0;
  }
}
