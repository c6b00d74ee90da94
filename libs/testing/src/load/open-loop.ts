import { type LoadClock, type LoadOutcome, messageOf, realLoadClock } from './load-clock';

export interface OpenLoopOptions {
  readonly perSecond: number;
  /** How many requests count. */
  readonly count: number;
  /** How many are sent before, at the same rate, and do not count. */
  readonly warmUp?: number;
  /** More are not sent, but count as failures: a server that has stopped must not fill the memory of its client. */
  readonly maxInFlight?: number;
  readonly send: (index: number) => Promise<unknown>;
  readonly clock?: LoadClock;
}

export interface OpenLoopOutcome extends LoadOutcome {
  /** The most that were under way at once. */
  readonly mostInFlight: number;
}

/**
 * Sends on schedule, whether or not the answers to the requests before have come. A latency counts from the moment at
 * which the request was due: what waits because the client itself is late, or because the server has held it up, has
 * waited (otherwise "coordinated omission").
 */
export async function openLoop(options: OpenLoopOptions): Promise<OpenLoopOutcome> {
  const { perSecond, count, warmUp = 0, maxInFlight = 10_000, send, clock = realLoadClock } = options;
  const latenciesMs: number[] = [];
  const failed: string[] = [];
  const underWay = new Set<Promise<void>>();
  let mostInFlight = 0;
  let endedMs = 0;
  const startedMs = clock.nowMs();
  const dueMs = (index: number): number => startedMs + (index * 1_000) / perSecond;

  const one = async (index: number): Promise<void> => {
    const counts = index >= warmUp;
    try {
      await send(index);
      if (counts) latenciesMs.push(clock.nowMs() - dueMs(index));
    } catch (error) {
      if (counts) failed.push(messageOf(error));
    }
    endedMs = clock.nowMs();
  };

  for (let index = 0; index < warmUp + count; index++) {
    const early = dueMs(index) - clock.nowMs();
    if (early > 0) await clock.sleep(early);
    if (underWay.size >= maxInFlight) {
      if (index >= warmUp) failed.push(`${maxInFlight} requests were under way already`);
      continue;
    }
    const sent: Promise<void> = one(index).finally(() => underWay.delete(sent));
    underWay.add(sent);
    mostInFlight = Math.max(mostInFlight, underWay.size);
  }
  await Promise.all(underWay);
  const [firstFailure] = failed;
  return {
    ...{ latenciesMs, failures: failed.length, mostInFlight, elapsedMs: endedMs - dueMs(warmUp) },
    ...(firstFailure === undefined ? {} : { firstFailure }),
  };
}
