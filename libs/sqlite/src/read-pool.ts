import { ConcordatError } from '@concordat/contracts';
import { ReaderThread } from './reader-thread';
import { SqlJobError, type SqlStatement } from './statement';

/** Bounds of a pool, unless its owner gives others. */
export const readLimits = Object.freeze({
  threads: 2,
  /** Queries that wait for a thread; further ones are refused. */
  waiting: 256,
  /** Of one query, in the queue and in its thread: below what a caller waits for a service (limits.replyMs). */
  timeoutMs: 1_500,
  rows: 10_000,
});

export type Row = Readonly<Record<string, unknown>>;

export interface ReadRequest {
  readonly queries: readonly SqlStatement[];
  readonly rowLimit: number;
}

export type ReadReply =
  | { readonly ok: true; readonly results: readonly Row[][] }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface ReadOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadPoolOptions {
  readonly file: string;
  readonly threads?: number;
  readonly waiting?: number;
}

interface WaitingRead {
  readonly request: ReadRequest;
  resolve(results: readonly Row[][]): void;
  reject(error: unknown): void;
  /** Frees the thread that works on it; set once one does. */
  abandon: (() => void) | undefined;
}

/**
 * Heavy queries (lists, snapshots, scans) in threads of their own, so that nobody else has to wait for them. A query that
 * takes too long is refused, and its thread is replaced when SQLite lets go of it: a reader that stays would keep the
 * write-ahead log from beginning anew. Threads begin when they are needed.
 */
export class ReadPool {
  readonly #idle: ReaderThread[] = [];
  readonly #waiting: WaitingRead[] = [];
  #free: number;
  #isClosed = false;
  readonly #threads = new Set<ReaderThread>();

  constructor(private readonly options: ReadPoolOptions) {
    this.#free = options.threads ?? readLimits.threads;
  }

  /**
   * Rows of one query.
   * @throws ConcordatError OVERLOADED when too many wait, SERVICE_UNAVAILABLE when it took too long; SqlJobError;
   *   the reason of the signal
   */
  async all<R = Row>(sql: string, params: SqlStatement['params'], options: ReadOptions = {}): Promise<R[]> {
    const [rows] = await this.read([{ sql, params }], options);
    return rows as R[];
  }

  /** Rows of several queries at one moment. @throws as `all` */
  read(queries: readonly SqlStatement[], options: ReadOptions = {}): Promise<readonly Row[][]> {
    const { timeoutMs = readLimits.timeoutMs, signal } = options;
    if (this.#isClosed) return Promise.reject(new Error(`${this.options.file} is closed`));
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#waiting.length >= (this.options.waiting ?? readLimits.waiting))
      return Promise.reject(new ConcordatError('OVERLOADED', 'The store has too many waiting queries.'));
    return new Promise((resolve, reject) => {
      const request = { queries, rowLimit: readLimits.rows };
      const read: WaitingRead = { request, resolve, reject, abandon: undefined };
      const late = new ConcordatError('SERVICE_UNAVAILABLE', 'A query took longer than its time limit.');
      const timer = setTimeout(() => this.#drop(read, late), timeoutMs);
      const onAbort = (): void => this.#drop(read, signal!.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const settled =
        <A extends unknown[]>(settle: (...args: A) => void) =>
        (...args: A): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          settle(...args);
        };
      read.resolve = settled(resolve);
      read.reject = settled(reject);
      this.#waiting.push(read);
      this.#pump();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const error = new Error(`${this.options.file} is closed`);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread) return;
      void this.#run(thread, this.#waiting.shift()!);
    }
  }

  #start(): ReaderThread | undefined {
    if (this.#free === 0 || this.#isClosed) return undefined;
    this.#free -= 1;
    const thread = new ReaderThread(this.options.file);
    this.#threads.add(thread);
    return thread;
  }

  async #run(thread: ReaderThread, read: WaitingRead): Promise<void> {
    read.abandon = () => void thread.end();
    try {
      const reply = await thread.ask(read.request);
      if (reply.ok) read.resolve(reply.results);
      else read.reject(new SqlJobError(reply.code, reply.message));
    } catch (error) {
      read.reject(error);
    }
    read.abandon = undefined;
    if (thread.isAlive) this.#idle.push(thread);
    else {
      // Only now: SQLite may have worked on for a while, and there are to be no more threads than were allowed.
      await thread.end();
      this.#threads.delete(thread);
      this.#free += 1;
    }
    this.#pump();
  }

  #drop(read: WaitingRead, reason: unknown): void {
    const place = this.#waiting.indexOf(read);
    if (place >= 0) this.#waiting.splice(place, 1);
    read.reject(reason);
    read.abandon?.();
  }
}
