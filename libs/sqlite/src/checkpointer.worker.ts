import { parentPort, workerData } from 'node:worker_threads';
import { checkpointLimits } from './checkpoint-policy';
import type { CheckpointReply, CheckpointRequest } from './checkpointer';
import { openDatabase } from './open';
import { walCheckpoint } from './wal-state';

/**
 * Moves the write-ahead log into the file on a connection of its own: a PASSIVE checkpoint does not hold up the writer,
 * and a TRUNCATE one no longer than the busy timeout.
 */
const { file } = workerData as { file: string };
const db = openDatabase(file);
db.pragma(`busy_timeout = ${checkpointLimits.busyMs}`);

function answer(request: CheckpointRequest): CheckpointReply {
  if (request.kind === 'close') {
    db.close();
    return { kind: 'closed' };
  }
  try {
    return { kind: 'done', outcome: walCheckpoint(db, request.mode), error: null };
  } catch (error) {
    return { kind: 'done', outcome: null, error: String(error) };
  }
}

parentPort!.on('message', (request: CheckpointRequest) => {
  parentPort!.postMessage(answer(request));
  if (request.kind === 'close') parentPort!.close();
});
