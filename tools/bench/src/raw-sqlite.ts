import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@concordat/sqlite';
import { openLoop, summarize } from '@concordat/testing';

export interface RawSqlite {
  /** rows per second, in transactions as large as those of the group commit can be */
  readonly groupedRowsPerS: number;
  /** transactions of one row per second */
  readonly walPerS: number;
  /** the same with a rollback journal */
  readonly deletePerS: number;
  /** ms; transactions of one row, on schedule */
  readonly openP99: number;
}

export interface RawSqliteOptions {
  /** of the store that is compared: the same file system */
  readonly folder: string;
  readonly seconds: number;
  readonly rowsPerTransaction: number;
  /** of the open loop */
  readonly perSecond: number;
}

/** About what a registration leaves in its row of `events`. */
export const rowBytes = 1_000;

/** What better-sqlite3 does alone, with the settings of `openDatabase` (`synchronous=FULL`) and nothing around it. */
export async function rawSqlite(options: RawSqliteOptions): Promise<RawSqlite> {
  const { seconds, rowsPerTransaction, perSecond } = options;
  const file = (name: string): string => join(options.folder, `raw-${name}.db`);
  const part = seconds / 4;
  const [grouped, wal, rollback, scheduled] = [
    new RawTable(file('grouped'), 'WAL'),
    new RawTable(file('wal'), 'WAL'),
    new RawTable(file('delete'), 'DELETE'),
    new RawTable(file('open'), 'WAL'),
  ];
  const measured = {
    groupedRowsPerS: grouped.transactionsPerS(part, rowsPerTransaction) * rowsPerTransaction,
    walPerS: wal.transactionsPerS(part, 1),
    deletePerS: rollback.transactionsPerS(part, 1),
    openP99: await scheduled.p99(perSecond, Math.max(100, Math.ceil(part * perSecond))),
  };
  for (const table of [grouped, wal, rollback, scheduled]) table.remove();
  return measured;
}

class RawTable {
  readonly #db;
  readonly #insert: (rows: number) => void;
  #written = 0;

  constructor(
    private readonly file: string,
    journal: 'WAL' | 'DELETE',
  ) {
    this.#db = openDatabase(file, { secureDelete: true });
    this.#db.pragma(`journal_mode = ${journal}`);
    this.#db.exec(
      'CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE, data TEXT NOT NULL) STRICT',
    );
    const statement = this.#db.prepare<[string, string]>('INSERT INTO events (stream, data) VALUES (?, ?)');
    const data = 'x'.repeat(rowBytes);
    this.#insert = this.#db.transaction((rows: number) => {
      for (let i = 0; i < rows; i++) statement.run(`stream/${this.#written++}`, data);
    }).immediate;
  }

  transactionsPerS(seconds: number, rows: number): number {
    const begun = performance.now();
    let done = 0;
    let now = begun;
    for (; now - begun < seconds * 1_000; now = performance.now()) {
      this.#insert(rows);
      done++;
    }
    return (done * 1_000) / (now - begun);
  }

  async p99(perSecond: number, count: number): Promise<number> {
    const send = async (): Promise<void> => this.#insert(1);
    return summarize((await openLoop({ perSecond, count, send })).latenciesMs).p99;
  }

  remove(): void {
    this.#db.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.file + suffix, { force: true });
  }
}
