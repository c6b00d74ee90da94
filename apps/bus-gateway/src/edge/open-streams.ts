import { ConcordatError, limits } from '@concordat/contracts';
import type { Directory, Freshness } from '@concordat/directory';
import type { OnModuleDestroy } from '@nestjs/common';
import { openStreams } from '../monitor/bus-metrics';

/** Streams and connections at this gateway; further ones are refused. */
const streamsLimit = 10_000;
/** How often is looked whether the directory has changed; every stream is judged anew then, and once in so many looks. */
const lookMs = 200;
const looks = 5;
/** While the directory cannot be believed nothing is handed out; after so long the streams end. */
const staleMs = 5_000;

export interface OpenStreamsPorts {
  readonly directory: Pick<Directory, 'version'>;
  readonly freshness: Pick<Freshness, 'staleness'>;
  readonly monotonicMs: () => number;
}

/**
 * What is open at this gateway for longer than one answer, and whether it may stay open: a right that is taken away closes
 * it within a second, like everything else that would refuse it at its beginning.
 */
export class OpenStreams implements OnModuleDestroy {
  readonly #streams = new Set<OpenStream>();
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #look = 0;
  #version = -1;
  #freshAtMs = 0;
  #isStopped = false;

  constructor(private readonly ports: OpenStreamsPorts) {}

  get size(): number {
    return this.#streams.size;
  }

  /**
   * @param owner who has only so many @param judge throws when it may not stay open
   * @throws ConcordatError STREAM_LIMIT_REACHED, OVERLOADED, SERVICE_UNAVAILABLE
   */
  open(owner: string, judge: () => void): OpenStream {
    if (this.#isStopped) throw stopping();
    if (this.#streams.size >= streamsLimit)
      throw new ConcordatError('OVERLOADED', 'This gateway has as many streams open as it can.');
    const count = this.#counts.get(owner) ?? 0;
    if (count >= limits.streamsPerCaller)
      throw new ConcordatError('STREAM_LIMIT_REACHED', `${count} streams of this caller are open here.`);
    this.#counts.set(owner, count + 1);
    const stream = new OpenStream(judge, () => this.#remove(owner, stream));
    this.#streams.add(stream);
    openStreams.inc();
    this.#start();
    return stream;
  }

  /** Resolves when the directory can be believed; for a stream that wants to hand something out. */
  async whenFresh(signal: AbortSignal): Promise<void> {
    while (this.ports.freshness.staleness !== undefined && !signal.aborted)
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Before the doors close: they wait for what is under way. */
  onModuleDestroy(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#endAll(stopping());
  }

  #start(): void {
    if (this.#timer) return;
    this.#freshAtMs = this.ports.monotonicMs();
    this.#timer = setInterval(() => this.#lookAround(), lookMs);
  }

  #lookAround(): void {
    const { directory, freshness, monotonicMs } = this.ports;
    if (freshness.staleness !== undefined) {
      if (monotonicMs() - this.#freshAtMs > staleMs) this.#endAll(new ConcordatError('DIRECTORY_STALE'));
    } else {
      this.#freshAtMs = monotonicMs();
      const isChanged = directory.version !== this.#version;
      this.#version = directory.version;
      this.#look = (this.#look + 1) % looks;
      let index = 0;
      for (const stream of this.#streams) if (index++ % looks === this.#look || isChanged) stream.isAllowed();
    }
    this.#wake();
  }

  #endAll(reason: ConcordatError): void {
    for (const stream of this.#streams) stream.end(reason);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #remove(owner: string, stream: OpenStream): void {
    if (!this.#streams.delete(stream)) return;
    openStreams.dec();
    const left = this.#counts.get(owner)! - 1;
    if (left === 0) this.#counts.delete(owner);
    else this.#counts.set(owner, left);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wake();
  }
}

/** One of them. */
export class OpenStream {
  readonly #ending = new AbortController();
  /** Aborted when it must end; the reason says why. */
  readonly signal: AbortSignal = this.#ending.signal;

  constructor(
    private readonly judge: () => void,
    private readonly remove: () => void,
  ) {}

  /** Judges anew, and ends it when it may not stay open. */
  isAllowed(): boolean {
    try {
      if (!this.signal.aborted) this.judge();
    } catch (error) {
      this.end(error);
    }
    return !this.signal.aborted;
  }

  /** @throws the reason when it must end */
  require(): void {
    if (!this.isAllowed()) throw this.signal.reason;
  }

  end(reason: unknown): void {
    if (!this.signal.aborted) this.#ending.abort(reason);
  }

  /** The caller has it no longer. */
  close(): void {
    this.remove();
    this.end(new ConcordatError('SERVICE_UNAVAILABLE', 'The stream is closed.'));
  }
}

const stopping = (): ConcordatError =>
  new ConcordatError('SERVICE_UNAVAILABLE', 'The gateway stops; connect again.');
