import { Worker } from 'node:worker_threads';
import type { ReadReply, ReadRequest } from './read-pool';

/** One thread of a ReadPool: one query at a time. */
export class ReaderThread {
  readonly #worker: Worker;
  #pending: { resolve(reply: ReadReply): void; reject(error: Error): void } | undefined;
  #ended: Promise<unknown> | undefined;
  isAlive = true;

  constructor(file: string) {
    // Always the built worker: a thread does not go through the test runner's transform.
    this.#worker = new Worker(require.resolve('@concordat/sqlite/reader-worker'), { workerData: { file } });
    this.#worker.on('message', (reply: ReadReply) => {
      this.#pending?.resolve(reply);
      this.#pending = undefined;
      this.#worker.unref();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error(`a reader thread of ${file} has ended`)));
    this.#worker.unref();
  }

  /** @throws Error when the thread ends before it answers */
  ask(request: ReadRequest): Promise<ReadReply> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  /** Resolves when the thread is gone: a query that SQLite is in the middle of comes to its next row first. */
  async end(): Promise<void> {
    this.isAlive = false;
    await (this.#ended ??= this.#worker.terminate());
  }

  #fail(error: Error): void {
    this.isAlive = false;
    this.#pending?.reject(error);
    this.#pending = undefined;
  }
}
