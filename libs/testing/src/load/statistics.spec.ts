import fc from 'fast-check';
import { percentile, summarize } from './statistics';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('a percentile', () => {
  it.each([
    [0.5, 50],
    [0.95, 95],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
    [0.001, 1],
  ])('%d of 1 to 100 is %d', (share, value) => {
    expect(percentile(upTo(100), share)).toBe(value);
  });

  it('of one value is that value', () => {
    for (const share of [0.01, 0.5, 0.99, 1]) expect(percentile([7], share)).toBe(7);
  });

  it('of fewer than a hundred values, the 99th is the largest', () => {
    expect(percentile(upTo(99), 0.99)).toBe(99);
  });

  it('of nothing, or of no share, is refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    for (const share of [0, -1, 1.01, Number.NaN]) expect(() => percentile([1], share)).toThrow(RangeError);
  });

  it('is one of the values, and enough of them do not exceed it', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.001, max: 1, noNaN: true }), (some, share) => {
        const sorted = some.sort((a, b) => a - b);
        const found = percentile(sorted, share);
        expect(sorted).toContain(found);
        expect(sorted.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * sorted.length);
        expect(sorted.filter((value) => value < found).length).toBeLessThan(share * sorted.length);
      }),
    );
  });
});

describe('a summary', () => {
  it('sorts by value, not by text, and leaves the measurements as they were', () => {
    const measured = [100, 9, 20];
    expect(summarize(measured)).toEqual({ samples: 3, mean: 43, p50: 20, p95: 100, p99: 100, max: 100 });
    expect(measured).toEqual([100, 9, 20]);
  });

  it('of nothing is refused', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});
