import { limits } from '@concordat/contracts';
import type { Clock } from '../clock';
import { isConcordatProblem } from '../problem';

/** A delivery that is being worked on. */
export interface Lease {
  /** Of the latest delivery: those before it are stale. */
  token: string;
  /** On the clock of the keeper. */
  readonly sinceMs: number;
}

export interface LeaseKeeperOptions {
  readonly clock: Clock;
  readonly leaseSeconds: number;
  /** A lease is held for no longer than that. */
  readonly holdSeconds: number;
  /** Extends leases. @param ms must have answered by then */
  readonly extend: (tokens: string[], ms: number) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Extends leases while they are held: three times in the length of one, so that a failure of one time is borne. */
export class LeaseKeeper {
  readonly #held = new Set<Lease>();
  readonly #everyMs: number;
  #cancel: (() => void) | undefined;

  constructor(private readonly options: LeaseKeeperOptions) {
    this.#everyMs = (options.leaseSeconds * 1_000) / 3;
  }

  hold(lease: Lease): void {
    this.#held.add(lease);
    this.#cancel ??= this.#schedule();
  }

  release(lease: Lease): void {
    this.#held.delete(lease);
    if (this.#held.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): () => void {
    return this.options.clock.setAlarm(this.#everyMs, () => {
      this.#cancel = this.#schedule();
      void this.#extendAll();
    });
  }

  async #extendAll(): Promise<void> {
    const { clock, holdSeconds } = this.options;
    const heldSinceMs = clock.nowMs() - holdSeconds * 1_000;
    const tokens = [...this.#held].filter(({ sinceMs }) => sinceMs > heldSinceMs).map(({ token }) => token);
    while (tokens.length > 0) await this.#extend(tokens.splice(0, limits.inboxFetchItems));
  }

  async #extend(tokens: string[]): Promise<void> {
    try {
      await this.options.extend(tokens, this.#everyMs);
    } catch (error) {
      // One of them was settled meanwhile, or its lease had ended: it comes again. The others are extended all the same.
      if (!isConcordatProblem(error, 'DELIVERY_TOKEN_STALE')) this.options.onError(error);
    }
  }
}
