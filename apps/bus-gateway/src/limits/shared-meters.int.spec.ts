import { startRedis } from '@concordat/processes';
import { commandNode, whenReady } from '@concordat/streams';
import fc from 'fast-check';
import type Redis from 'ioredis';
import type { Meter } from './meter';
import { SharedAllowance } from './shared-allowance';
import { type Ask, leaseMs, SharedMeters } from './shared-meters';
import { SlidingWindow } from './sliding-window';
import { TokenBucket } from './token-bucket';

describe('what several gateways let through together', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let subjects = 0;
  beforeAll(async () => {
    server = await startRedis({ flavour: 'volatile' });
    redis = commandNode({ url: server.url, name: 'spec' });
    await whenReady(redis, 5_000);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  /** The clocks: that of the gateways only goes on, that of Redis jumps as it likes. */
  const clocks = () => ({ monotonicMs: 0, redisMs: 1_800_000_000_000 });
  type Clocks = ReturnType<typeof clocks>;
  const meters = (holder: string, time?: Clocks, onAway: (error: unknown) => void = () => undefined) =>
    new SharedMeters({
      ...{ redis, holder, onAway },
      monotonicMs: () => time?.monotonicMs ?? performance.now(),
      ...(time && { redisNowMs: () => time.redisMs }),
    });
  /** What each gateway has of one subject; it is alone in counting nothing itself, so that only Redis bounds it. */
  const uncounted: Meter = { take: () => 0, giveBack: () => undefined };
  const gateways = (
    count: number,
    time: Clocks | undefined,
    askOf: (meters: SharedMeters, subject: string) => Ask,
  ) => {
    const subject = `t.agent.${++subjects}`;
    return Array.from({ length: count }, (_, index) => {
      const ask = askOf(meters(`g${index}`, time), subject);
      return new SharedAllowance(uncounted, ask, () => time?.monotonicMs ?? performance.now());
    });
  };
  const schedule = fc.array(
    fc.record({
      passedMs: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }) },
        { weight: 2, arbitrary: fc.constantFrom(0, leaseMs - 1, leaseMs + 1) },
      ),
      gateway: fc.integer({ min: 0, max: 2 }),
      count: fc.constantFrom(1, 1, 1, 7),
      times: fc.constantFrom(1, 4, 80),
      givesBack: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const jumps = fc.array(fc.constantFrom(0, 0, 0, 0, -3_600_000, -700), { minLength: 40, maxLength: 40 });
  interface Step {
    readonly passedMs: number;
    readonly gateway: number;
    readonly count: number;
    readonly times: number;
    readonly givesBack: boolean;
  }
  /** @returns what was let through, by the clock of the gateways */
  async function run(
    each: readonly SharedAllowance[],
    time: Clocks,
    steps: readonly Step[],
    jump: readonly number[],
  ) {
    const taken: { atMs: number; count: number }[] = [];
    for (const [index, { passedMs, gateway, count, times, givesBack }] of steps.entries()) {
      time.monotonicMs += passedMs;
      time.redisMs += passedMs + jump[index]!;
      const allowance = each[gateway]!;
      for (let turn = 0; turn < times; turn++) {
        if ((await allowance.take(count)) > 0) break;
        if (givesBack && turn === 0) allowance.giveBack(count);
        else taken.push({ atMs: time.monotonicMs, count });
      }
    }
    return taken;
  }
  type Taken = Awaited<ReturnType<typeof run>>;
  const most = (taken: Taken, over: (ms: number, count: number) => number): number =>
    Math.max(
      ...taken.flatMap((first, index) => {
        let count = 0;
        return taken.slice(index).map((last) => over(last.atMs - first.atMs, (count += last.count)));
      }),
      0,
    );

  it('is within any time at most the capacity and what has flowed in, whoever leases what, and though the clock goes back', async () => {
    const sizes = fc.record({
      perSecond: fc.integer({ min: 1, max: 300 }),
      capacity: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, schedule, jumps, async ({ perSecond, capacity }, steps, jump) => {
        const time = clocks();
        const each = gateways(3, time, (shared, subject) => shared.bucket(subject, perSecond, capacity));
        const taken = await run(each, time, steps, jump);
        const excess = most(taken, (ms, count) => count - (perSecond * ms) / 1_000 - capacity);
        expect(excess).toBeLessThanOrEqual(1e-3);
      }),
      { numRuns: 100 },
    );
  });

  it('is within any window at most its limit, whoever leases what', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 500 }), schedule, async (limit, steps) => {
        const time = clocks();
        const each = gateways(3, time, (shared, subject) => shared.window(subject, 'minute', limit, 2_400));
        const taken = await run(
          each,
          time,
          steps,
          steps.map(() => 0),
        );
        expect(most(taken, (ms, count) => (ms < 2_400 ? count : 0))).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 100 },
    );
  });

  it('counts a lease when it is spent, at the last moment too', async () => {
    const time = clocks();
    const [one, other] = gateways(2, time, (shared, subject) => shared.bucket(subject, 300, 60));
    const [quota, rest] = gateways(2, time, (shared, subject) =>
      shared.window(subject, 'minute', 500, 2_400),
    );
    const pass = (ms: number): void => void ((time.monotonicMs += ms), (time.redisMs += ms));
    const takeAll = async (allowance: SharedAllowance): Promise<number> => {
      for (let taken = 0; ; taken++) if ((await allowance.take(1)) > 0) return taken;
    };
    for (const allowance of [one!, quota!]) await allowance.take(1);
    pass(leaseMs - 1);
    // Of the lease, and the bucket has been full for long.
    for (let spent = 0; spent < 5; spent++) for (const allowance of [one!, quota!]) await allowance.take(1);
    expect(await takeAll(other!)).toBeLessThanOrEqual(55);
    // What was leased has left the window when it was granted, and not when it was spent.
    pass(2_400 - leaseMs + 102);
    expect(await takeAll(rest!)).toBeLessThanOrEqual(495);
  });

  it('is not more than the capacity after a clock has jumped ahead', async () => {
    const time = clocks();
    const [allowance] = gateways(1, time, (shared, subject) => shared.bucket(subject, 10, 40));
    expect(await allowance!.take(40)).toBe(0);
    time.monotonicMs += 5_000;
    time.redisMs += 1e11;
    expect(await allowance!.take(41)).toBeGreaterThan(0);
    expect(await allowance!.take(40)).toBe(0);
  });

  it.each([1, 2])(
    'asked by %d without end / is nine tenths of the rate and more, and not above it',
    async (count) => {
      const time = clocks();
      const each = gateways(count, time, (shared, subject) => shared.bucket(subject, 500, 1_000));
      let through = 0;
      for (let ms = 0; ms < 3_000; ms += 10) {
        time.monotonicMs += 10;
        time.redisMs += 10;
        for (const allowance of each)
          for (let times = 0; times < 10; times++) if ((await allowance.take(1)) === 0) through++;
      }
      // Full at first, then three seconds of the rate.
      expect(through).toBeLessThanOrEqual(2_500);
      expect(through).toBeGreaterThanOrEqual(2_250);
    },
  );

  it('of a quota that one gateway uses alone, now and then, is the whole quota', async () => {
    const time = clocks();
    const [allowance] = gateways(1, time, (shared, subject) =>
      shared.window(subject, 'day', 1_000, 86_400_000),
    );
    let through = 0;
    for (; through < 1_001; through++) {
      // Longer than a lease: what was leased and not spent is given back with the next question.
      time.monotonicMs += 1_500;
      time.redisMs += 1_500;
      if ((await allowance!.take(1)) > 0) break;
    }
    expect(through).toBe(1_000);
    expect(await allowance!.take(1)).toBeGreaterThan(80_000_000);
  });

  it('by the clock of Redis, at the same moment from two gateways, is what one could have', async () => {
    const each = gateways(2, undefined, (shared, subject) => shared.bucket(subject, 1, 200));
    const begunMs = performance.now();
    const answers = await Promise.all(each.flatMap((one) => Array.from({ length: 150 }, () => one.take(1))));
    const through = answers.filter((waitMs) => waitMs === 0).length;
    const flowedIn = (performance.now() - begunMs) / 1_000;
    expect(through).toBeLessThanOrEqual(200 + flowedIn);
    // The rest is in the hands of one or the other still.
    expect(through).toBeGreaterThanOrEqual(180);
  });

  it('costs a question to Redis per lease, not per request', async () => {
    let asked = 0;
    const [allowance] = gateways(1, clocks(), (shared, subject) => {
      const ask = shared.bucket(subject, 2_000, 4_000);
      return (count, left) => {
        asked++;
        return ask(count, left);
      };
    });
    for (let times = 0; times < 1_000; times++) expect(await allowance!.take(1)).toBe(0);
    expect(asked).toBeLessThanOrEqual(10);
  });

  it('leaves nothing in Redis when the bucket would be full again', async () => {
    const [allowance] = gateways(1, undefined, (shared, subject) => shared.bucket(subject, 100, 200));
    await allowance!.take(1);
    const [key] = await redis.keys(`cc:{limit.t.agent.${subjects}}:*`);
    const ttlMs = await redis.pttl(key!);
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(2_000 + 2 * leaseMs);
  });

  it('while Redis is frozen / is what each gateway counts itself, and only the first waits, not for long', async () => {
    const away: unknown[] = [];
    const shared = meters('alone', undefined, (error) => away.push(error));
    const bucket = new TokenBucket(1, 5);
    const allowance = new SharedAllowance(bucket, shared.bucket('t.agent.frozen', 1, 5), () =>
      performance.now(),
    );
    const window = new SlidingWindow(3, 86_400_000);
    const quota = new SharedAllowance(window, shared.window('t.agent.frozen', 'day', 3, 86_400_000), () => 0);
    server.suspend();
    const begun = performance.now();
    const waits: number[] = [];
    for (let times = 0; times < 8; times++) waits.push(await allowance.take(1));
    for (let times = 0; times < 4; times++) waits.push(await quota.take(1));
    const elapsed = performance.now() - begun;
    server.resume();
    expect(elapsed).toBeLessThan(5_000);
    expect(waits.map((waitMs) => waitMs === 0)).toEqual([
      ...[true, true, true, true, true, false, false, false],
      ...[true, true, true, false],
    ]);
    expect(away.length).toBeGreaterThan(0);
  });
});
