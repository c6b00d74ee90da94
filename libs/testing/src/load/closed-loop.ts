import { type LoadClock, type LoadOutcome, messageOf, realLoadClock } from './load-clock';

export interface ClosedLoopOptions {
  /** How many requests are under way at any time. */
  readonly concurrency: number;
  /** How long requests are begun; those that are under way then still count. */
  readonly seconds: number;
  /** How long before, without counting. */
  readonly warmUpSeconds?: number;
  readonly send: (index: number) => Promise<unknown>;
  /** Called when the warm-up has ended and the first request that counts is about to be sent. */
  readonly onMeasuring?: () => void;
  readonly clock?: LoadClock;
}

/** Sends the next request of a lane when the one before has been answered: as much as the server takes. */
export async function closedLoop(options: ClosedLoopOptions): Promise<LoadOutcome> {
  const { concurrency, seconds, warmUpSeconds = 0, send, onMeasuring, clock = realLoadClock } = options;
  const latenciesMs: number[] = [];
  const failed: string[] = [];
  let sent = 0;

  const lane = async (untilMs: number, counts: boolean): Promise<void> => {
    for (;;) {
      const begunMs = clock.nowMs();
      if (begunMs >= untilMs) return;
      try {
        await send(sent++);
        if (counts) latenciesMs.push(clock.nowMs() - begunMs);
      } catch (error) {
        if (counts) failed.push(messageOf(error));
      }
    }
  };
  const lanes = (untilMs: number, counts: boolean): Promise<unknown> =>
    Promise.all(Array.from({ length: concurrency }, () => lane(untilMs, counts)));

  await lanes(clock.nowMs() + warmUpSeconds * 1_000, false);
  onMeasuring?.();
  const startedMs = clock.nowMs();
  await lanes(startedMs + seconds * 1_000, true);
  const [firstFailure] = failed;
  return {
    ...{ latenciesMs, failures: failed.length, elapsedMs: clock.nowMs() - startedMs },
    ...(firstFailure === undefined ? {} : { firstFailure }),
  };
}
