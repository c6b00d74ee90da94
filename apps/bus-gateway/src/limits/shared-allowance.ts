import type { Meter } from './meter';
import { type Ask, leaseMs } from './shared-meters';

/** A refusal of Redis is believed for at most so long without asking again. */
const closedMs = 1_000;

/**
 * What one subject may do in one respect, at one of several gateways. The meter here bounds what this gateway lets
 * through, whatever becomes of Redis; leases from Redis bound what all of them let through together, and are spent
 * without asking.
 */
export class SharedAllowance {
  #left = 0;
  /** Of the lease in hand: never more is spent without asking. */
  #leased = 0;
  #endsMs = -Infinity;
  /** Refused by Redis: not asked again before, and there may be room then. */
  #closedUntilMs = -Infinity;
  #opensMs = -Infinity;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly meter: Meter,
    private readonly ask: Ask,
    private readonly monotonicMs: () => number,
  ) {}

  /** @returns 0 when that many are allowed; otherwise how many milliseconds to wait */
  async take(count: number): Promise<number> {
    const waitMs = this.meter.take(count, this.monotonicMs());
    if (waitMs > 0) return waitMs;
    const sharedMs = this.#decide(count) ?? (await this.#askInTurn(count));
    if (sharedMs > 0) this.meter.giveBack(count);
    return sharedMs;
  }

  /** What was allowed last and not used after all. */
  giveBack(count: number): void {
    this.meter.giveBack(count);
    this.#left = Math.min(this.#left + count, this.#leased);
  }

  /** @returns undefined when only Redis knows */
  #decide(count: number): number | undefined {
    const nowMs = this.monotonicMs();
    if (nowMs < this.#endsMs && this.#left >= count) {
      this.#left -= count;
      return 0;
    }
    return nowMs < this.#closedUntilMs ? Math.ceil(this.#opensMs - nowMs) : undefined;
  }

  /** One after the other: what the first one brings may be enough for those behind it. */
  #askInTurn(count: number): Promise<number> {
    const mine = this.#turn.then(() => this.#decide(count) ?? this.#askNow(count));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #askNow(count: number): Promise<number> {
    const begunMs = this.monotonicMs();
    const left = this.#left;
    this.#left = this.#leased = 0;
    const grant = await this.ask(count, left);
    // Limits protect, they do not authorize: without Redis each gateway goes by what it has counted itself.
    if (!grant) return 0;
    this.#left = this.#leased = grant.leased;
    // Begun before Redis has begun it: the lease ends here no later than there.
    this.#endsMs = begunMs + leaseMs;
    if (grant.isTaken) return 0;
    const waitMs = Math.max(grant.waitMs, 1);
    // What is too much for many may still do for one.
    if (count === 1) {
      this.#opensMs = begunMs + waitMs;
      this.#closedUntilMs = begunMs + Math.min(waitMs, closedMs);
    }
    return waitMs;
  }
}
