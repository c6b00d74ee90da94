import { Worker } from 'node:worker_threads';
import { ConcordatError } from '@concordat/contracts';
import { Checkpointer, type CheckpointReport } from './checkpointer';
import {
  type JobOutcome,
  SqlJobError,
  type SqlStatement,
  type StatementResult,
  type WriterReply,
  type WriterRequest,
} from './statement';

const queueLimit = 10_000;
const batchLimit = 1_000;

interface PendingJob {
  readonly statements: readonly SqlStatement[];
  resolve(results: readonly StatementResult[]): void;
  reject(error: Error): void;
}

export interface WriterOptions {
  readonly file: string;
  readonly secureDelete?: boolean;
  /** Called once when the writer thread dies; the process should end, since it can no longer keep its promises. */
  readonly onFailure: (error: Error) => void;
  /** Told of every checkpoint that ran beside the writer. */
  readonly onCheckpoint?: (report: CheckpointReport) => void;
}

/**
 * Group commit: jobs that arrive while a transaction is being made durable form the next one. A job is a list of
 * statements that take effect together or not at all. When `run` resolves, the job survives a power cut.
 */
export class SqliteWriter {
  readonly #worker: Worker;
  readonly #checkpointer: Checkpointer;
  readonly #waiting: PendingJob[] = [];
  #inFlight: readonly PendingJob[] = [];
  #control: { request: WriterRequest; resolve(reply: WriterReply): void; reject(error: Error): void }[] = [];
  #isBusy = false;
  #isClosing = false;
  #failure: Error | undefined;

  constructor(private readonly options: WriterOptions) {
    // Always the built worker: a thread does not go through the test runner's transform.
    this.#worker = new Worker(require.resolve('@concordat/sqlite/writer-worker'), {
      workerData: { file: options.file, secureDelete: options.secureDelete ?? false },
    });
    const { file, onCheckpoint } = options;
    this.#checkpointer = new Checkpointer({ file, onCheckpoint, onFailure: (error) => this.#fail(error) });
    this.#worker.on('message', (reply: WriterReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error(`the writer thread of ${options.file} has ended`)));
  }

  /**
   * @returns one result per statement, once the transaction is durable
   * @throws SqlJobError when SQLite refused the job; ConcordatError OVERLOADED when the queue is full
   */
  run(statements: readonly SqlStatement[]): Promise<readonly StatementResult[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#isClosing) return Promise.reject(new Error(`${this.options.file} is closed`));
    if (this.#waiting.length >= queueLimit) {
      return Promise.reject(new ConcordatError('OVERLOADED', 'The store has too many waiting writes.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, resolve, reject });
      this.#pump();
    });
  }

  /** Empties the WAL into the file. @throws Error when a reader is in the way */
  async checkpoint(): Promise<void> {
    // Two at once would be in each other's way.
    const resume = await this.#checkpointer.pause();
    const reply = await this.#ask({ kind: 'checkpoint' }).finally(resume);
    if (reply.kind === 'checkpoint' && reply.error !== null) throw new Error(`checkpoint: ${reply.error}`);
  }

  /** Finishes what was accepted, then closes the file. */
  async close(): Promise<void> {
    if (this.#failure || this.#isClosing) return;
    const closed = this.#ask({ kind: 'close' });
    this.#isClosing = true;
    await this.#checkpointer.close();
    await closed;
    await this.#worker.terminate();
  }

  #ask(request: WriterRequest): Promise<WriterReply> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#control.push({ request, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isBusy) return;
    const control = this.#control[0]?.request;
    // A checkpoint does not wait for writers who never pause; closing waits for all of them.
    if (control && (control.kind !== 'close' || this.#waiting.length === 0)) return this.#send(control);
    if (this.#waiting.length === 0) return;
    const gate = this.#checkpointer.gate;
    if (gate) return this.#waitFor(gate);
    this.#inFlight = this.#waiting.splice(0, batchLimit);
    this.#send({ kind: 'batch', jobs: this.#inFlight.map(({ statements }) => statements) });
  }

  #waitFor(gate: Promise<void>): void {
    this.#isBusy = true;
    void gate.then(() => {
      this.#isBusy = false;
      this.#pump();
    });
  }

  #send(request: WriterRequest): void {
    this.#isBusy = true;
    this.#worker.postMessage(request);
  }

  #onReply(reply: WriterReply): void {
    this.#isBusy = false;
    // At once: the thread ends by itself, which is no failure then.
    if (reply.kind === 'closed') this.#failure ??= new Error(`${this.options.file} is closed`);
    else this.#checkpointer.observe(reply.wal);
    if (reply.kind === 'batch') {
      const jobs = this.#inFlight;
      this.#inFlight = [];
      reply.outcomes.forEach((outcome, index) => settle(jobs[index]!, outcome));
    } else {
      this.#control.shift()?.resolve(reply);
    }
    this.#pump();
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    for (const job of [...this.#inFlight, ...this.#waiting.splice(0)]) job.reject(error);
    for (const { reject } of this.#control.splice(0)) reject(error);
    this.#inFlight = [];
    if (!this.#isClosing) this.options.onFailure(error);
  }
}

function settle(job: PendingJob, outcome: JobOutcome): void {
  if (outcome.ok) job.resolve(outcome.results);
  else job.reject(new SqlJobError(outcome.code, outcome.message));
}
