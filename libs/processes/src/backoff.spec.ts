import fc from 'fast-check';
import { restartBackoff, restartDelayMs } from './backoff';

describe('the pause before a restart', () => {
  it('is nothing after the first crash', () => {
    expect(restartDelayMs(1, () => 0.999)).toBe(0);
  });

  it('doubles with every further crash in a row, up to the maximum', () => {
    const pauses = [2, 3, 4, 5, 20].map((exits) => restartDelayMs(exits, () => 0));
    expect(pauses).toEqual([50, 100, 200, 400, 10_000]);
  });

  it('is shortened by at most a half', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (exits, r) => {
          const full = restartDelayMs(exits, () => 0);
          const actual = restartDelayMs(exits, () => r);
          expect(actual).toBeLessThanOrEqual(full);
          expect(actual).toBeGreaterThanOrEqual(Math.floor(full / 2));
          expect(full).toBeLessThanOrEqual(restartBackoff.maxMs);
        },
      ),
    );
  });
});
