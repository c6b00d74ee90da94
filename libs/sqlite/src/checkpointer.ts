import { Worker } from 'node:worker_threads';
import { checkpointLimits, type CheckpointMode, nextCheckpoint, type WalState } from './checkpoint-policy';
import type { CheckpointOutcome } from './wal-state';

export type CheckpointRequest =
  { readonly kind: 'checkpoint'; readonly mode: CheckpointMode } | { readonly kind: 'close' };

export type CheckpointReply =
  | { readonly kind: 'done'; readonly outcome: CheckpointOutcome | null; readonly error: string | null }
  | { readonly kind: 'closed' };

/** One checkpoint, for metrics and logs. */
export interface CheckpointReport {
  readonly mode: CheckpointMode;
  readonly durationMs: number;
  /** undefined when it failed; then nothing is lost, and it is tried again */
  readonly outcome: CheckpointOutcome | undefined;
}

export interface CheckpointerOptions {
  readonly file: string;
  readonly onCheckpoint?: ((report: CheckpointReport) => void) | undefined;
  /** The thread died: the log would grow without end. */
  readonly onFailure: (error: Error) => void;
}

/** How often a log is looked at that nobody adds to. */
const lookMs = 500;

/**
 * Keeps a write-ahead log short, by size and by age, in a thread of its own that begins with the first checkpoint. Told
 * by the writer how long the log is after every transaction.
 */
export class Checkpointer {
  #worker: Worker | undefined;
  #wal: WalState = { bytes: 0, pendingBytes: 0 };
  #lastMs = performance.now();
  #truncateMs = -Infinity;
  #failedTruncates = 0;
  #running: Promise<void> | undefined;
  #settle: ((reply: CheckpointReply | undefined) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;
  #isClosed = false;
  /** The writer has spoken since the checkpoint under way began; it knows better then. */
  #isNews = false;

  constructor(private readonly options: CheckpointerOptions) {}

  /** The log after a transaction. Returns at once. */
  observe(wal: WalState): void {
    this.#wal = wal;
    this.#isNews = true;
    this.#consider();
  }

  /** What the next transaction has to wait for, if anything: the log must not grow faster than it is emptied. */
  get gate(): Promise<void> | undefined {
    return this.#wal.bytes >= checkpointLimits.stallBytes ? this.#running : undefined;
  }

  /** Lets the checkpoint that runs end and begins no other until the returned function is called. */
  async pause(): Promise<() => void> {
    this.#pauses += 1;
    await this.#running;
    return () => {
      this.#pauses -= 1;
      this.#consider();
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (!this.#worker) return;
    this.#worker.ref();
    await this.#ask({ kind: 'close' });
    await this.#worker.terminate();
  }

  #consider(): void {
    if (this.#running || this.#pauses > 0 || this.#isClosed) return;
    const now = performance.now();
    const mode = nextCheckpoint(this.#wal, {
      sinceLastMs: now - this.#lastMs,
      sinceTruncateMs: now - this.#truncateMs,
      failedTruncates: this.#failedTruncates,
    });
    if (mode) {
      this.#running = this.#checkpoint(mode).finally(() => {
        this.#running = undefined;
        this.#consider();
      });
    } else if (this.#wal.pendingBytes > 0 || this.#wal.bytes >= checkpointLimits.truncateBytes)
      this.#lookLater();
  }

  /** Nobody may write any more: then time alone has to bring the rest into the file. */
  #lookLater(): void {
    if (this.#timer) return;
    const wait = (): void => {
      this.#timer = undefined;
      this.#consider();
    };
    this.#timer = setTimeout(wait, lookMs).unref();
  }

  async #checkpoint(mode: CheckpointMode): Promise<void> {
    const begun = performance.now();
    this.#isNews = false;
    const reply = await this.#ask({ kind: 'checkpoint', mode });
    const ended = performance.now();
    this.#lastMs = ended;
    const outcome = reply?.kind === 'done' ? (reply.outcome ?? undefined) : undefined;
    if (mode === 'TRUNCATE') {
      this.#truncateMs = ended;
      this.#failedTruncates = outcome?.isBusy === false ? 0 : this.#failedTruncates + 1;
    }
    if (outcome && !this.#isNews) this.#wal = outcome;
    this.options.onCheckpoint?.({ mode, durationMs: ended - begun, outcome });
  }

  /** @returns undefined when the thread has died */
  #ask(request: CheckpointRequest): Promise<CheckpointReply | undefined> {
    this.#worker ??= this.#start();
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#worker!.postMessage(request);
    });
  }

  #start(): Worker {
    const { file, onFailure } = this.options;
    const worker = new Worker(require.resolve('@concordat/sqlite/checkpointer-worker'), {
      workerData: { file },
    });
    const fail = (error: Error): void => {
      const wasClosed = this.#isClosed;
      this.#isClosed = true;
      this.#settle?.(undefined);
      if (!wasClosed) onFailure(error);
    };
    worker.on('message', (reply: CheckpointReply) => this.#settle?.(reply));
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error(`the checkpoint thread of ${file} has ended`)));
    worker.unref();
    return worker;
  }
}
