import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './open';
import type { ReadReply, ReadRequest } from './read-pool';
import { StatementRunner } from './run-statement';
import type { SqlStatement } from './statement';

/** One of the threads of a ReadPool, with a connection that cannot write. */
const { file } = workerData as { file: string };
const db = openDatabase(file, { readonly: true });
const statements = new StatementRunner(db);

function rowsOf({ sql, params }: SqlStatement, limit: number): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  for (const row of statements.prepare(sql).iterate(...(Array.isArray(params) ? params : [params]))) {
    if (rows.length >= limit)
      throw new Error(`a query gave more than ${limit} rows: it must be read in pages`);
    rows.push(row);
  }
  return rows;
}

/** All statements see the same moment. */
const read = db.transaction(({ queries, rowLimit }: ReadRequest) =>
  queries.map((query) => rowsOf(query, rowLimit)),
);

parentPort!.on('message', (request: ReadRequest) => {
  let reply: ReadReply;
  try {
    reply = { ok: true, results: read(request) };
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    reply = { ok: false, code: code ?? 'SQLITE_ERROR', message: message ?? String(error) };
  }
  parentPort!.postMessage(reply);
});
