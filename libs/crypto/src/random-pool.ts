import { randomFillSync } from 'node:crypto';

/** Random values of one size, drawn from the operating system many at a time. Each is handed out once. */
export class RandomPool {
  readonly #bytes: Uint8Array;
  #at: number;

  /** @param size bytes of a value @param count values drawn together */
  constructor(
    private readonly size: number,
    count: number,
  ) {
    this.#bytes = new Uint8Array(size * count);
    this.#at = this.#bytes.byteLength;
  }

  /** A copy: whoever gets it may keep and change it. */
  next(): Uint8Array {
    if (this.#at === this.#bytes.byteLength) {
      randomFillSync(this.#bytes);
      this.#at = 0;
    }
    const value = this.#bytes.slice(this.#at, this.#at + this.size);
    this.#bytes.fill(0, this.#at, this.#at + this.size);
    this.#at += this.size;
    return value;
  }
}
