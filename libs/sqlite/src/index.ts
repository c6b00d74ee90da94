export * from './migrate';
export * from './open';
export { SqlJobError, type SqlStatement, type SqlValue, type StatementResult } from './statement';
export { SqliteWriter, type WriterOptions } from './writer';
