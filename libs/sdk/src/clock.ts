import { setTimeout as delay } from 'node:timers/promises';

/** Time, as this library sees it, so that tests can run hours of waiting in no time. */
export interface Clock {
  /** Milliseconds that never go backwards; no calendar. */
  nowMs(): number;
  /** Waits. Rejects when the signal fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Rings once after a time. @returns takes the alarm back */
  setAlarm(ms: number, ring: () => void): () => void;
}

/** The longest time that a timer of Node takes; a longer one would ring at once. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
  setAlarm: (ms, ring) => {
    const timer = setTimeout(ring, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};
