import fc from 'fast-check';
import type { Meter } from './meter';
import { slotsPerWindow, SlidingWindow } from './sliding-window';
import { TokenBucket } from './token-bucket';

/** A request: so long after the one before on the clock that the meter sees, which may go back, for so many. */
const steps = fc.array(
  fc.record({
    passedMs: fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: 0, max: 300, noNaN: true }) },
      { weight: 1, arbitrary: fc.constantFrom(-1e9, -5_000, -1, 1e9) },
    ),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 1, maxLength: 60 },
);
const startMs = 1_800_000_000_000;

interface Taken {
  readonly atMs: number;
  readonly count: number;
}

/** @returns what was taken, by a clock that stands still where that of the meter goes back */
function run(meter: Meter, schedule: readonly { passedMs: number; count: number }[]): Taken[] {
  let [clockMs, passedMs] = [startMs, 0];
  const taken: Taken[] = [];
  for (const step of schedule) {
    clockMs += step.passedMs;
    passedMs += Math.max(step.passedMs, 0);
    if (meter.take(step.count, clockMs) === 0) taken.push({ atMs: passedMs, count: step.count });
  }
  return taken;
}
const sum = (taken: readonly Taken[]): number => taken.reduce((total, { count }) => total + count, 0);
/** From each request to each later one: every span of time in which something was taken. */
const spans = (taken: readonly Taken[]): { ms: number; count: number }[] =>
  taken.flatMap(({ atMs }, first) =>
    taken
      .slice(first)
      .map((last, length) => ({ ms: last.atMs - atMs, count: sum(taken.slice(first, first + length + 1)) })),
  );

describe('a bucket of tokens', () => {
  it('gives within any time at most its capacity and what has flowed in, however the clock jumps', () => {
    const sizes = fc.record({
      perSecond: fc.integer({ min: 1, max: 200 }),
      capacity: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(sizes, steps, ({ perSecond, capacity }, schedule) => {
        for (const { ms, count } of spans(run(new TokenBucket(perSecond, capacity), schedule)))
          expect(count).toBeLessThanOrEqual(capacity + (perSecond * ms) / 1_000 + 1e-3);
      }),
    );
  });

  it('jumped ahead by years / is full, not more', () => {
    const bucket = new TokenBucket(10, 5);
    expect(bucket.take(5, 0)).toBe(0);
    expect(bucket.take(6, 1e12)).toBeGreaterThan(0);
    expect(bucket.take(5, 1e12)).toBe(0);
  });

  it('gone back by years / goes on from there', () => {
    const bucket = new TokenBucket(10, 5);
    expect(bucket.take(5, 1e12)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 50)).toBe(50);
    expect(bucket.take(1, 100)).toBe(0);
  });

  it('empty / says when there is enough again, and by then there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 20 }), (perSecond, count) => {
        const bucket = new TokenBucket(perSecond, 20);
        bucket.take(20, 0);
        const waitMs = bucket.take(count, 0);
        expect(waitMs).toBeGreaterThan(0);
        expect(bucket.take(count, waitMs)).toBe(0);
      }),
    );
  });

  it('given back / has it again, but never more than its capacity', () => {
    const bucket = new TokenBucket(1, 3);
    bucket.take(2, 0);
    bucket.giveBack(5);
    expect(bucket.take(4, 0)).toBeGreaterThan(0);
    expect(bucket.take(3, 0)).toBe(0);
  });
});

describe('a sliding window', () => {
  it('lets within any time of its length at most its limit through', () => {
    const forward = steps.map((schedule) =>
      schedule.map((step) => ({ ...step, passedMs: Math.abs(step.passedMs) })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), forward, (limit, schedule) => {
        for (const { ms, count } of spans(run(new SlidingWindow(limit, 1_000), schedule)))
          if (ms < 1_000) expect(count).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('whose clock goes back / lets nobody through twice, and keeps nobody waiting for ever', () => {
    const window = new SlidingWindow(10, 1_000);
    expect(window.take(10, 1e12)).toBe(0);
    const waitMs = window.take(1, 5_000);
    expect(waitMs).toBeLessThanOrEqual(Math.ceil(1_000 + 1_000 / slotsPerWindow));
    expect(window.take(10, 5_000 + waitMs)).toBe(0);
  });

  it('full / says when there is room, and by then there is', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 10 }), (before, count) => {
        const window = new SlidingWindow(10, 1_000);
        for (const [index, one] of before.entries()) window.take(one, index * 90);
        const nowMs = before.length * 90;
        const waitMs = window.take(count, nowMs);
        if (waitMs > 0) expect(window.take(count, nowMs + waitMs)).toBe(0);
      }),
    );
  });

  it('asked again and again for what it has / lets nine tenths of its limit through in the long run', () => {
    const window = new SlidingWindow(60, 60_000);
    let through = 0;
    for (let ms = 0; ms < 600_000; ms += 100) if (window.take(1, ms) === 0) through++;
    expect(through).toBeGreaterThanOrEqual(540);
  });

  it('of which something was given back / lets that much through again', () => {
    const window = new SlidingWindow(5, 1_000);
    window.take(5, 0);
    window.giveBack(2);
    expect(window.take(3, 0)).toBeGreaterThan(0);
    expect(window.take(2, 0)).toBe(0);
  });
});
