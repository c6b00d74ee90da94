import fc from 'fast-check';
import {
  classOf,
  dueMs,
  keepOf,
  keptSinceMs,
  partitionName,
  periodAt,
  periodsBetween,
  retentionClasses,
} from './retention-class';

const dayMs = 86_400_000;
const anyClass = fc.constantFrom(...retentionClasses);
/** From 1970 to 2100. */
const anyMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
const isoOf = (ms: number): string => new Date(ms).toISOString();

describe('the periods of a retention class', () => {
  it.each([
    ['d30', '2026-11-28', '2026-11-29', '2026_11_28'],
    ['d90', '2026-11-23', '2026-11-30', '2026_11_23'],
    ['d365', '2026-11-01', '2026-12-01', '2026_11'],
    ['forever', '2026-01-01', '2027-01-01', '2026'],
  ] as const)('%s: from %s to %s, named by its beginning', (name, from, to, part) => {
    const period = periodAt(name, Date.UTC(2026, 10, 28, 12, 30));
    expect([isoOf(period.fromMs), isoOf(period.toMs)]).toEqual([
      `${from}T00:00:00.000Z`,
      `${to}T00:00:00.000Z`,
    ]);
    expect(partitionName('audit_events', name, period)).toBe(`audit_events_${name}_${part}`);
  });

  it('hold their times, leave no gap, and are named apart', () => {
    fc.assert(
      fc.property(anyClass, anyMs, (name, ms) => {
        const period = periodAt(name, ms);
        expect(period.fromMs <= ms && ms < period.toMs).toBe(true);
        expect(periodAt(name, period.fromMs)).toEqual(period);
        expect(periodAt(name, period.toMs - 1)).toEqual(period);
        const next = periodAt(name, period.toMs);
        expect(next.fromMs).toBe(period.toMs);
        expect(partitionName('t', name, next)).not.toBe(partitionName('t', name, period));
      }),
    );
  });

  it('between two times follow each other, from that of the first to that of the last', () => {
    const stretch = fc.tuple(anyMs, fc.integer({ min: 0, max: 400 * dayMs }));
    fc.assert(
      fc.property(anyClass, stretch, (name, [first, length]) => {
        const periods = periodsBetween(name, first, first + length);
        expect(periods[0]).toEqual(periodAt(name, first));
        expect(periods.at(-1)).toEqual(periodAt(name, first + length));
        for (const [i, { toMs }] of periods.slice(0, -1).entries()) expect(periods[i + 1]!.fromMs).toBe(toMs);
      }),
    );
  });

  it('are due when nothing in them is younger than the class, and not a millisecond before', () => {
    fc.assert(
      fc.property(anyClass, anyMs, (name, ms) => {
        const period = periodAt(name, ms);
        const due = dueMs(name, period);
        if (name === 'forever') return expect(due).toBe(Infinity);
        expect(period.toMs - 1).toBeLessThan(keptSinceMs(name, due));
        expect(period.toMs - 1).toBeGreaterThanOrEqual(keptSinceMs(name, due - 1));
      }),
    );
  });

  it('are few: a class keeps at most 33 of them', () => {
    fc.assert(
      fc.property(anyClass, anyMs, (name, ms) => {
        if (name !== 'forever')
          expect(periodsBetween(name, keptSinceMs(name, ms), ms).length).toBeLessThanOrEqual(33);
      }),
    );
  });

  it('belong to classes that are named by what they keep', () => {
    for (const keep of [30, 90, 365, 'forever'] as const) expect(keepOf(classOf(keep))).toBe(keep);
  });
});
