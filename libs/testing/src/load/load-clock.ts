import { setTimeout as delay } from 'node:timers/promises';

/** What load is scheduled and measured by. */
export interface LoadClock {
  /** monotonic */
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export const realLoadClock: LoadClock = { nowMs: () => performance.now(), sleep: (ms) => delay(ms) };

/** What came of a load. Failures have no latency here: a refusal is quick, and would flatter the rest. */
export interface LoadOutcome {
  /** of each request that succeeded, in the order in which they ended */
  readonly latenciesMs: readonly number[];
  readonly failures: number;
  /** what the first failure said */
  readonly firstFailure?: string;
  /** from the first request that counts to the end of the last */
  readonly elapsedMs: number;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
