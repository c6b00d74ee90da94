import { backoffMs } from './backoff';

describe('the wait before another try', () => {
  it('doubles up to its limit, each time by a random share', () => {
    const most = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => backoffMs(failures, () => 1 - 2 ** -32));
    expect(most).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
    expect(backoffMs(3, () => 0)).toBe(0);
    expect(backoffMs(3, () => 0.5)).toBe(100);
  });

  it('is never shorter than the server asked for', () => {
    expect(backoffMs(1, () => 0, 5)).toBe(5_000);
    expect(backoffMs(1, () => 0.5, 5)).toBe(5_025);
  });
});
