import { collectDefaultMetrics, Counter, Gauge, Histogram } from 'prom-client';

/** Default metrics of the process: CPU, RSS, heap, event-loop delay. Once per process. */
export const startProcessMetrics = (): void => collectDefaultMetrics();

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

const duration = new Histogram({
  name: 'concordat_operation_duration_seconds',
  help: 'Time to carry out an operation, by its outcome (ok or the code of the error).',
  labelNames: ['operation', 'outcome'],
  buckets: seconds,
});

export const streamProblems = new Counter({
  name: 'concordat_stream_problems_total',
  help: 'Gaps, forgeries and refused control entries found while reading streams.',
  labelNames: ['source', 'kind'],
});

export const lastBackup = new Gauge({
  name: 'concordat_backup_last_seconds',
  help: 'When the newest backup of the store was made, seconds since 1970; 0: there is none.',
});

export const failedBackups = new Counter({
  name: 'concordat_backup_failures_total',
  help: 'Backups of the store that could not be made.',
});

/** @param outcome `ok` or an error code: both from closed lists, so the number of series is bounded */
export const observeOperation = (operation: string, outcome: string, elapsedMs: number): void =>
  duration.observe({ operation, outcome }, elapsedMs / 1_000);
