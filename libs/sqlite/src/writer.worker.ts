import { parentPort, workerData } from 'node:worker_threads';
import { chainHash } from '@concordat/crypto';
import type { Statement } from 'better-sqlite3';
import { openDatabase } from './open';
import {
  type JobOutcome,
  refusedCode,
  type SqlStatement,
  type StatementResult,
  type WriterReply,
  type WriterRequest,
} from './statement';

/**
 * The one writer of a database. A batch is one transaction (one fsync) with a savepoint per job, so a job that breaks a
 * constraint is undone alone. Statements may call `chain_hash(before, part, …)`, which is `chainHash` of libs/crypto, and
 * `refuse(code, detail)`, which undoes the job: `SELECT refuse(…) WHERE <what must not be>` has seen all jobs before it.
 */
const { file, secureDelete } = workerData as { file: string; secureDelete: boolean };
const db = openDatabase(file, { secureDelete });
db.function('chain_hash', { deterministic: true, varargs: true }, (before: Uint8Array, ...parts: string[]) =>
  Buffer.from(chainHash(before, ...parts)),
);
db.function('refuse', (code: string, detail: string) => {
  throw Object.assign(new Error(`${code}: ${detail}`), { code: refusedCode });
});

const prepared = new Map<string, Statement<unknown[], Record<string, unknown>>>();

function prepare(sql: string): Statement<unknown[], Record<string, unknown>> {
  let statement = prepared.get(sql);
  if (!statement) {
    // The texts come from code, not from data, so their number is small; a leak would show here first.
    if (prepared.size >= 1_000)
      throw new Error('too many different SQL texts: statements must be parameterised');
    statement = db.prepare(sql);
    prepared.set(sql, statement);
  }
  return statement;
}

function runStatement({ sql, params, returnsRows }: SqlStatement): StatementResult {
  const statement = prepare(sql);
  const bound = Array.isArray(params) ? params : [params];
  if (returnsRows) return { changes: 0, rows: statement.all(...bound) };
  return { changes: statement.run(...bound).changes, rows: [] };
}

function runJob(job: readonly SqlStatement[]): JobOutcome {
  db.exec('SAVEPOINT job');
  try {
    const results = job.map(runStatement);
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
    const [row] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    return row?.busy === 0 ? null : 'a reader kept the checkpoint from finishing';
  } catch (error) {
    return String(error);
  }
}

function answer(request: WriterRequest): WriterReply {
  switch (request.kind) {
    case 'batch':
      return { kind: 'batch', outcomes: runBatch(request.jobs) };
    case 'checkpoint':
      return { kind: 'checkpoint', error: checkpoint() };
    case 'close':
      db.close();
      return { kind: 'closed' };
  }
}

parentPort!.on('message', (request: WriterRequest) => {
  parentPort!.postMessage(answer(request));
  if (request.kind === 'close') parentPort!.close();
});
