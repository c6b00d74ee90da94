import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Text that waits to be written; further lines are dropped. */
const waitingLimit = 1_048_576;
const againMs = 50;

/**
 * Writes lines to a file descriptor, in order and in the background. A log must not stop what it tells of: what cannot be
 * written, because the disk is full or nobody reads the pipe any more, is dropped, and its number is told as soon as
 * something can be written again. (pino's own stream tries for ever, and the process with it.)
 */
export class LogStream implements DestinationStream {
  #waiting: string[] = [];
  #length = 0;
  #isWriting = false;
  #dropped = 0;

  /** @param lost makes the line that tells how many are missing */
  constructor(
    private readonly descriptor: number,
    private readonly lost: (lines: number) => string,
  ) {}

  write(line: string): void {
    if (this.#length + line.length > waitingLimit) {
      this.#dropped++;
      return;
    }
    this.#length += line.length;
    this.#waiting.push(line);
    if (!this.#isWriting) this.#writeNext();
  }

  /** Writes what waits, before the process ends; one try. */
  flushSync(): void {
    let bytes = this.#take();
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.descriptor, bytes));
    } catch {
      // There is nobody left to tell.
    }
  }

  #take(): Buffer {
    const note = this.#dropped > 0 ? this.lost(this.#dropped) : '';
    const bytes = Buffer.from(note + this.#waiting.join(''));
    this.#waiting = [];
    this.#length = 0;
    this.#dropped = 0;
    return bytes;
  }

  #writeNext(): void {
    if (this.#waiting.length === 0) return;
    this.#isWriting = true;
    // A note that cannot be written counts with the lines that it stands for.
    const lines = this.#waiting.length + this.#dropped;
    this.#write(this.#take(), lines);
  }

  #write(bytes: Buffer, lines: number): void {
    write(this.descriptor, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#write(bytes, lines), againMs);
        return;
      }
      if (!error && written < bytes.length) return this.#write(bytes.subarray(written), lines);
      if (error) this.#dropped += lines;
      this.#isWriting = false;
      this.#writeNext();
    });
  }
}
