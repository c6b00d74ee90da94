import type { CheckResult } from '@concordat/runtime';

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How ingest is getting on: what `/health/ready` says about it. */
export class IngestHealth {
  #readError: unknown;
  #writeError: unknown;
  readonly #still = new Map<string, string>();

  get writeError(): unknown {
    return this.#writeError;
  }

  read(): void {
    this.#readError = undefined;
  }

  readFailed(error: unknown): void {
    this.#readError = error;
  }

  wrote(): void {
    this.#writeError = undefined;
  }

  writeFailed(error: unknown): void {
    this.#writeError = error;
  }

  /** @returns whether this is news */
  standsStill(source: string, reason: string): boolean {
    const isNews = this.#still.get(source) !== reason;
    this.#still.set(source, reason);
    return isNews;
  }

  moves(source: string): void {
    this.#still.delete(source);
  }

  check(): CheckResult {
    if (this.#writeError !== undefined) return { ok: false, detail: reasonOf(this.#writeError) };
    if (this.#readError !== undefined) return { ok: false, detail: reasonOf(this.#readError) };
    const [still] = this.#still;
    if (still) return { ok: false, detail: `stands still: ${still[1]}` };
    return { ok: true, detail: 'following' };
  }
}
