import type { Statement } from 'better-sqlite3';
import type { Connection } from './open';
import type { SqlStatement, StatementResult } from './statement';

/** The texts come from code, not from data, so their number is small; a leak would show here first. */
const textLimit = 1_000;

/** Runs statements on one connection, each text prepared once. */
export class StatementRunner {
  readonly #prepared = new Map<string, Statement<unknown[], Record<string, unknown>>>();

  constructor(private readonly db: Connection) {}

  run({ sql, params, returnsRows }: SqlStatement): StatementResult {
    const statement = this.prepare(sql);
    const bound = Array.isArray(params) ? params : [params];
    if (returnsRows) return { changes: 0, rows: statement.all(...bound) };
    return { changes: statement.run(...bound).changes, rows: [] };
  }

  /** @throws Error when the texts are too many */
  prepare(sql: string): Statement<unknown[], Record<string, unknown>> {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      if (this.#prepared.size >= textLimit)
        throw new Error('too many different SQL texts: statements must be parameterised');
      statement = this.db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
