/** How far a write-ahead log has grown. */
export interface WalState {
  /** Since the log last began anew, in bytes. */
  readonly bytes: number;
  /** Of these, what is not in the database file yet. */
  readonly pendingBytes: number;
}

const MiB = 1_048_576;

/** When the write-ahead log is moved into the file. */
export const checkpointLimits = Object.freeze({
  /** So much that is not in the file yet is moved there, beside the writer. */
  passiveBytes: 4 * MiB,
  /** Between two such moves: a reader that keeps one from getting on must not keep a core busy. */
  restMs: 50,
  /** After so long, anything is. */
  intervalMs: 5_000,
  /** A log of this size has to begin anew, for which the writer waits a moment: readers kept it from doing so by itself. */
  truncateBytes: 24 * MiB,
  /** Beyond this the next transaction waits for the checkpoint that runs; if readers win even so, writing goes on. */
  stallBytes: 40 * MiB,
  /** How long readers that are in the way may hold up the writer then. */
  busyMs: 250,
  /** How soon it is tried again when they did; twice as long after every further failure, up to the longest. */
  retryMs: 100,
  longestRetryMs: 10_000,
});

export type CheckpointMode = 'PASSIVE' | 'TRUNCATE';

export interface CheckpointTimes {
  readonly sinceLastMs: number;
  readonly sinceTruncateMs: number;
  /** How often in a row readers won. */
  readonly failedTruncates: number;
}

/** @returns what to do about a log now; undefined: nothing */
export function nextCheckpoint(
  { bytes, pendingBytes }: WalState,
  { sinceLastMs, sinceTruncateMs, failedTruncates }: CheckpointTimes,
): CheckpointMode | undefined {
  const { passiveBytes, restMs, intervalMs, truncateBytes } = checkpointLimits;
  if (bytes >= truncateBytes && sinceTruncateMs >= restAfter(failedTruncates)) return 'TRUNCATE';
  if (pendingBytes >= passiveBytes && sinceLastMs >= restMs) return 'PASSIVE';
  return pendingBytes > 0 && sinceLastMs >= intervalMs ? 'PASSIVE' : undefined;
}

const restAfter = (failures: number): number =>
  failures === 0
    ? 0
    : Math.min(checkpointLimits.longestRetryMs, checkpointLimits.retryMs * 2 ** (failures - 1));
