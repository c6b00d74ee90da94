import type { CheckpointMode, WalState } from './checkpoint-policy';
import type { Connection } from './open';

/** What a checkpoint left. */
export interface CheckpointOutcome extends WalState {
  /** A reader or another checkpoint was in the way: not everything was done. */
  readonly isBusy: boolean;
}

/** A frame is a page with its header (fileformat2, section 4.1). */
const frameHeaderBytes = 24;

/** Runs `PRAGMA wal_checkpoint`. NOOP only looks (two microseconds). */
export function walCheckpoint(db: Connection, mode: CheckpointMode | 'NOOP'): CheckpointOutcome {
  const [row] = db.pragma(`wal_checkpoint(${mode})`) as { busy: number; log: number; checkpointed: number }[];
  const frameBytes = (db.pragma('page_size', { simple: true }) as number) + frameHeaderBytes;
  // -1 for both when there is no log.
  const frames = Math.max(0, row!.log);
  const done = Math.max(0, row!.checkpointed);
  return { isBusy: row!.busy !== 0, bytes: frames * frameBytes, pendingBytes: (frames - done) * frameBytes };
}
