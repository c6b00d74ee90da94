import fc from 'fast-check';
import { checkpointLimits, nextCheckpoint, type WalState } from './checkpoint-policy';

const { passiveBytes, restMs, intervalMs, truncateBytes, retryMs, longestRetryMs } = checkpointLimits;
const justNow = { sinceLastMs: 0, sinceTruncateMs: 0, failedTruncates: 1 };
const recently = { sinceLastMs: restMs, sinceTruncateMs: 0, failedTruncates: 1 };
const longAgo = { sinceLastMs: intervalMs, sinceTruncateMs: intervalMs, failedTruncates: 1 };
const log = (bytes: number, pendingBytes = bytes): WalState => ({ bytes, pendingBytes });

describe('the write-ahead log', () => {
  it.each([
    ['that is empty is left alone', log(0), longAgo, undefined],
    ['that is in the file is left alone', log(passiveBytes, 0), longAgo, undefined],
    ['with a little news waits', log(1), justNow, undefined],
    ['with a little news is moved after the interval', log(1), longAgo, 'PASSIVE'],
    ['with much news is moved soon', log(passiveBytes), recently, 'PASSIVE'],
    ['that could not be moved gives the core a rest', log(passiveBytes), justNow, undefined],
    ['that does not begin anew is made to', log(truncateBytes, 0), longAgo, 'TRUNCATE'],
    ['whose readers were in the way gives the writer a rest', log(truncateBytes, 0), justNow, undefined],
    ['that grows meanwhile is still moved', log(truncateBytes), recently, 'PASSIVE'],
  ] as const)('%s', (_, state, times, mode) => {
    expect(nextCheckpoint(state, times)).toBe(mode);
  });

  it('is tried to be emptied less and less often while readers win, so that the writer gets on', () => {
    const failed = (failedTruncates: number, sinceTruncateMs: number) =>
      nextCheckpoint(log(truncateBytes, 0), { sinceLastMs: 0, sinceTruncateMs, failedTruncates });
    expect(failed(0, 0)).toBe('TRUNCATE');
    expect([failed(3, 4 * retryMs - 1), failed(3, 4 * retryMs)]).toEqual([undefined, 'TRUNCATE']);
    expect([failed(60, longestRetryMs - 1), failed(60, longestRetryMs)]).toEqual([undefined, 'TRUNCATE']);
  });

  it('never has more to move than the limit, nor is too large for long, without something being done', () => {
    const state = fc.tuple(fc.nat(2 * truncateBytes), fc.nat(2 * truncateBytes));
    fc.assert(
      fc.property(
        state,
        fc.nat(20_000),
        fc.nat(20_000),
        fc.nat(100),
        ([a, b], sinceLastMs, sinceTruncateMs, failedTruncates) => {
          const wal = log(Math.max(a, b), Math.min(a, b));
          const mode = nextCheckpoint(wal, { sinceLastMs, sinceTruncateMs, failedTruncates });
          if (wal.pendingBytes >= passiveBytes && sinceLastMs >= restMs) expect(mode).toBeDefined();
          if (wal.bytes >= truncateBytes && sinceTruncateMs >= longestRetryMs) expect(mode).toBe('TRUNCATE');
        },
      ),
    );
  });
});
