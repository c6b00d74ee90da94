import type { WalState } from './checkpoint-policy';

export type SqlValue = string | number | bigint | Uint8Array | null;

/** One SQL statement with its parameters, by position or by name. */
export interface SqlStatement {
  readonly sql: string;
  readonly params: readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
  /** Return the rows of the statement instead of the number of changes. */
  readonly returnsRows?: boolean;
}

export interface StatementResult {
  readonly changes: number;
  readonly rows: readonly Record<string, unknown>[];
}

/** Code of a job that undid itself with `refuse(code, detail)`. */
export const refusedCode = 'REFUSED';

/** A job was rolled back by SQLite; the other jobs of its transaction were not. */
export class SqlJobError extends Error {
  override readonly name = 'SqlJobError';
  constructor(
    /** Extended result code, for instance SQLITE_CONSTRAINT_UNIQUE */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** `table.column, …` of a broken UNIQUE or PRIMARY KEY constraint, or undefined. */
  get uniqueColumns(): string | undefined {
    return /^UNIQUE constraint failed: (.+)$/.exec(this.message)?.[1];
  }

  /** What a statement refused the job with, by `refuse(code, detail)`, or undefined. */
  get refusal(): { readonly code: string; readonly detail: string } | undefined {
    if (this.code !== refusedCode) return undefined;
    const [code, ...detail] = this.message.split(': ');
    return { code: code!, detail: detail.join(': ') };
  }
}

/** What the writer thread is sent and what it answers. */
export type WriterRequest =
  | { readonly kind: 'batch'; readonly jobs: readonly (readonly SqlStatement[])[] }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'close' };

export type JobOutcome =
  | { readonly ok: true; readonly results: readonly StatementResult[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type WriterReply =
  | { readonly kind: 'batch'; readonly outcomes: readonly JobOutcome[]; readonly wal: WalState }
  | { readonly kind: 'checkpoint'; readonly error: string | null; readonly wal: WalState }
  | { readonly kind: 'closed' };
