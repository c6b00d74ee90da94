import { setTimeout as delay } from 'node:timers/promises';

/** Time as the supervision sees it, so that tests can run hours of backoff in no time. */
export interface Clock {
  /** Milliseconds that never go backwards; no calendar. */
  now(): number;
  /** @throws AbortError when the signal fires first */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};
