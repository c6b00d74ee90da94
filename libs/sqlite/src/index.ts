export type { CheckpointReport } from './checkpointer';
export * from './migrate';
export * from './open';
export { ReadPool, type ReadPoolOptions, readLimits, type ReadOptions, type Row } from './read-pool';
export { StatementRunner } from './run-statement';
export { SqlJobError, type SqlStatement, type SqlValue, type StatementResult } from './statement';
export { walCheckpoint } from './wal-state';
export { SqliteWriter, type WriterOptions } from './writer';
