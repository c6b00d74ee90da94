import { parentPort, workerData } from 'node:worker_threads';
import { chainHash } from '@concordat/crypto';
import type { WalState } from './checkpoint-policy';
import { openDatabase } from './open';
import { StatementRunner } from './run-statement';
import {
  type JobOutcome,
  refusedCode,
  type SqlStatement,
  type WriterReply,
  type WriterRequest,
} from './statement';
import { walCheckpoint } from './wal-state';

/**
 * The one writer of a database. A batch is one transaction (one fsync) with a savepoint per job, so a job that breaks a
 * constraint is undone alone. Statements may call `chain_hash(before, part, …)`, which is `chainHash` of libs/crypto, and
 * `refuse(code, detail)`, which undoes the job: `SELECT refuse(…) WHERE <what must not be>` has seen all jobs before it.
 */
const { file, secureDelete } = workerData as { file: string; secureDelete: boolean };
const db = openDatabase(file, { secureDelete });
// Another thread does it, see Checkpointer: a commit must not have to wait for it.
db.pragma('wal_autocheckpoint = 0');
db.function('chain_hash', { deterministic: true, varargs: true }, (before: Uint8Array, ...parts: string[]) =>
  Buffer.from(chainHash(before, ...parts)),
);
db.function('refuse', (code: string, detail: string) => {
  throw Object.assign(new Error(`${code}: ${detail}`), { code: refusedCode });
});

const statements = new StatementRunner(db);

function runJob(job: readonly SqlStatement[]): JobOutcome {
  db.exec('SAVEPOINT job');
  try {
    const results = job.map((statement) => statements.run(statement));
    db.exec('RELEASE job');
    return { ok: true, results };
  } catch (error) {
    db.exec('ROLLBACK TO job; RELEASE job');
    return failure(error);
  }
}

function runBatch(jobs: readonly (readonly SqlStatement[])[]): JobOutcome[] {
  try {
    db.exec('BEGIN IMMEDIATE');
    const outcomes = jobs.map(runJob);
    db.exec('COMMIT');
    return outcomes;
  } catch (error) {
    // A full disk or a failed fsync: nothing of the batch is durable, so nothing is acknowledged.
    if (db.inTransaction) db.exec('ROLLBACK');
    return jobs.map(() => failure(error));
  }
}

function failure(error: unknown): JobOutcome {
  const { code, message } = error as { code?: string; message?: string };
  return { ok: false, code: code ?? 'SQLITE_ERROR', message: message ?? String(error) };
}

/** Moves the WAL into the file and empties it, so that overwritten rows (destroyed keys) are gone from both. */
function checkpoint(): string | null {
  try {
    return walCheckpoint(db, 'TRUNCATE').isBusy ? 'a reader kept the checkpoint from finishing' : null;
  } catch (error) {
    return String(error);
  }
}

/** What cannot be known now is known after the next transaction. */
function walState(): WalState {
  try {
    return walCheckpoint(db, 'NOOP');
  } catch {
    return { bytes: 0, pendingBytes: 0 };
  }
}

function answer(request: WriterRequest): WriterReply {
  switch (request.kind) {
    case 'batch':
      return { kind: 'batch', outcomes: runBatch(request.jobs), wal: walState() };
    case 'checkpoint':
      return { kind: 'checkpoint', error: checkpoint(), wal: walState() };
    case 'close':
      db.close();
      return { kind: 'closed' };
  }
}

parentPort!.on('message', (request: WriterRequest) => {
  parentPort!.postMessage(answer(request));
  if (request.kind === 'close') parentPort!.close();
});
