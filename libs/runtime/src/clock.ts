/** Time, as it is injected everywhere. */
export interface Clock {
  now(): Date;
  nowMs(): number;
}

export const systemClock: Clock = { now: () => new Date(), nowMs: () => Date.now() };

/** Waits. Does not keep the process alive: what a service waits for is more work, which comes through its sockets. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
