import type { CheckResult } from '@concordat/runtime';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Gauge, Histogram } from 'prom-client';
import type { AuditStore } from './audit-store';

/** Whom connections to PostgreSQL are for: who waits for an answer, and jobs. */
export type PoolName = 'requests' | 'jobs';

/** Connections of a pool, at one moment. */
export interface PoolStatus {
  /** Carry out a statement or a transaction. */
  readonly used: number;
  /** Open, and at nobody's service. */
  readonly free: number;
  /** Tasks that wait for a connection. */
  readonly waiting: number;
}

export type PoolStatuses = Readonly<Record<PoolName, PoolStatus>>;

/** The pool of knex (tarn), as far as it is looked at. */
interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

const nothing: PoolStatus = Object.freeze({ used: 0, free: 0, waiting: 0 });

/** Nothing is open before the first statement, and after the end. */
export function poolStatus(orm: MikroORM): PoolStatus {
  const { pool } = orm.em.getConnection().getKnex().client as { readonly pool?: Pool };
  if (!pool) return nothing;
  return { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() };
}

let current = (): PoolStatuses => ({ requests: nothing, jobs: nothing });

/** What `/metrics` looks at from now on: the pools of the store that was opened last. */
export const showPools = (statuses: () => PoolStatuses): void => void (current = statuses);

const names: readonly PoolName[] = ['requests', 'jobs'];

new Gauge({
  name: 'concordat_database_connections',
  help: 'Open connections to PostgreSQL, by pool (requests or jobs) and state (used or free).',
  labelNames: ['pool', 'state'],
  collect() {
    const statuses = current();
    for (const pool of names)
      for (const state of ['used', 'free'] as const) this.set({ pool, state }, statuses[pool][state]);
  },
});

new Gauge({
  name: 'concordat_database_waiting_tasks',
  help: 'Tasks that wait for a connection to PostgreSQL, by pool.',
  labelNames: ['pool'],
  collect() {
    const statuses = current();
    for (const pool of names) this.set({ pool }, statuses[pool].waiting);
  },
});

const duration = new Histogram({
  name: 'concordat_database_query_duration_seconds',
  help: 'Time from a statement to the answer of PostgreSQL, by pool and outcome (ok or error).',
  labelNames: ['pool', 'outcome'],
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
});

/** @returns an observer of the statements of a pool */
export const observeQueries =
  (pool: PoolName) =>
  (outcome: 'ok' | 'error', elapsedMs: number): void =>
    duration.observe({ pool, outcome }, elapsedMs / 1_000);

/** Whether PostgreSQL answers and how fast, and how many connections there are beside the one that was asked. */
export async function checkDatabase(
  store: Pick<AuditStore, 'ping'>,
  statuses: () => PoolStatuses,
): Promise<CheckResult> {
  const { requests, jobs } = statuses();
  const startedMs = performance.now();
  await store.ping();
  const elapsedMs = Math.ceil(performance.now() - startedMs);
  const used = `${requests.used} connections of requests and ${jobs.used} of jobs in use`;
  return {
    ok: true,
    detail: `answers in ${elapsedMs} ms; ${used}, ${requests.waiting + jobs.waiting} tasks wait`,
  };
}
