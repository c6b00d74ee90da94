import { closedLoop } from './closed-loop';
import type { LoadClock } from './load-clock';
import { openLoop } from './open-loop';

/** Time that passes when somebody waits for it, in the order of the moments waited for. */
class SimulatedClock implements LoadClock {
  #nowMs = 0;
  readonly #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];
  #isRunning = false;

  nowMs = (): number => this.#nowMs;

  sleep = (ms: number): Promise<void> =>
    new Promise((wake) => {
      this.#waiting.push({ atMs: this.#nowMs + ms, wake });
      if (!this.#isRunning) void this.#run();
    });

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Everything that is due to happen now happens before time goes on.
    for (;;) {
      await new Promise(setImmediate);
      if (this.#waiting.length === 0) break;
      this.#waiting.sort((a, b) => a.atMs - b.atMs);
      const next = this.#waiting.shift()!;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    this.#isRunning = false;
  }
}

describe('an open loop', () => {
  it('sends on schedule, however long the answers take', async () => {
    const clock = new SimulatedClock();
    const sentAt: number[] = [];
    const send = async (): Promise<void> => {
      sentAt.push(clock.nowMs());
      await clock.sleep(1_000);
    };
    const { latenciesMs, mostInFlight } = await openLoop({ perSecond: 100, count: 5, send, clock });
    expect(sentAt).toEqual([0, 10, 20, 30, 40]);
    expect(latenciesMs).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
    expect(mostInFlight).toBe(5);
  });

  it('counts what a request waited because the client was held up', async () => {
    const clock = new SimulatedClock();
    let now = 0;
    // The third request blocks the client itself for 100 ms, and each answer comes at once.
    const blocking: LoadClock = { nowMs: () => clock.nowMs() + now, sleep: clock.sleep };
    const send = async (index: number): Promise<void> => {
      if (index === 2) now += 100;
    };
    const { latenciesMs } = await openLoop({ perSecond: 100, count: 6, send, clock: blocking });
    expect(latenciesMs).toEqual([0, 0, 100, 90, 80, 70]);
  });

  it('does not count the warm-up, neither its latencies nor its failures', async () => {
    const clock = new SimulatedClock();
    const send = async (index: number): Promise<void> => {
      await clock.sleep(index < 3 ? 500 : 1);
      if (index === 0) throw new Error('cold');
    };
    const outcome = await openLoop({ perSecond: 10, warmUp: 3, count: 2, send, clock });
    expect(outcome).toMatchObject({ latenciesMs: [1, 1], failures: 0 });
    expect(outcome.firstFailure).toBeUndefined();
  });

  it('reports failures apart from latencies', async () => {
    const clock = new SimulatedClock();
    const send = async (index: number): Promise<void> => {
      await clock.sleep(1);
      if (index % 2 === 0) throw new Error(`refused ${index}`);
    };
    const outcome = await openLoop({ perSecond: 100, count: 5, send, clock });
    expect(outcome).toMatchObject({ latenciesMs: [1, 1], failures: 3, firstFailure: 'refused 0' });
  });

  it('does not send more than may be under way', async () => {
    const clock = new SimulatedClock();
    let sent = 0;
    const send = async (): Promise<void> => {
      sent++;
      await clock.sleep(10_000);
    };
    const outcome = await openLoop({ perSecond: 100, count: 50, maxInFlight: 8, send, clock });
    expect({ sent, failures: outcome.failures, ok: outcome.latenciesMs.length }).toEqual({
      sent: 8,
      failures: 42,
      ok: 8,
    });
  });
});

describe('a closed loop', () => {
  it('keeps as many under way as it has lanes, until time is up', async () => {
    const clock = new SimulatedClock();
    let underWay = 0;
    let most = 0;
    const send = async (): Promise<void> => {
      most = Math.max(most, ++underWay);
      await clock.sleep(100);
      underWay--;
    };
    const outcome = await closedLoop({ concurrency: 4, seconds: 1, send, clock });
    expect(most).toBe(4);
    expect(outcome).toMatchObject({ failures: 0, elapsedMs: 1_000 });
    expect(outcome.latenciesMs).toEqual(Array(40).fill(100));
  });

  it('measures after the warm-up, and says when', async () => {
    const clock = new SimulatedClock();
    let begunMs = -1;
    const send = (index: number): Promise<void> => clock.sleep(index < 5 ? 200 : 100);
    const outcome = await closedLoop({
      ...{ concurrency: 1, seconds: 1, warmUpSeconds: 1, send, clock },
      onMeasuring: () => (begunMs = clock.nowMs()),
    });
    expect(begunMs).toBe(1_000);
    expect(outcome.latenciesMs).toEqual(Array(10).fill(100));
  });

  it('goes on after a failure, and reports it', async () => {
    const clock = new SimulatedClock();
    const send = async (index: number): Promise<void> => {
      await clock.sleep(100);
      if (index === 3) throw new Error('lost');
    };
    const outcome = await closedLoop({ concurrency: 1, seconds: 1, send, clock });
    expect(outcome).toMatchObject({ failures: 1, firstFailure: 'lost' });
    expect(outcome.latenciesMs).toHaveLength(9);
  });
});
