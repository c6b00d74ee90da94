import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadOutcome } from '@concordat/testing';
import { cleanEnvironment } from '../environment';
import { type RawSqlite, rawSqlite, rowBytes } from '../raw-sqlite';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import { repository } from '../system';
import { type BenchPlan, warmUpSecondsOf } from '../plan';

const program = join(repository, 'apps', 'iam-service', 'dist', 'agent', 'agent.bench.js');
const concurrency = 32;
const perSecond = 500;

/** What apps/iam-service/src/agent/agent.bench.ts says. */
type Report =
  | { readonly kind: 'filled'; readonly count: number }
  | {
      readonly kind: 'done';
      readonly closed: LoadOutcome;
      readonly open: LoadOutcome;
      readonly identities: number;
      readonly dids: readonly string[];
    };

export interface Registered {
  readonly results: readonly BenchResult[];
  readonly identities: number;
  readonly dids: readonly string[];
}

/** Fills the data folder of iam-service, which does not run yet, and measures its store. */
export async function registrations(plan: BenchPlan): Promise<Registered> {
  const dataDir = join(plan.folder, 'iam');
  plan.tell('raw better-sqlite3');
  const raw = await rawSqlite({
    folder: dataDir,
    seconds: plan.seconds,
    rowsPerTransaction: concurrency,
    perSecond,
  });
  plan.tell(`registering ${plan.identities} agents, then measuring`);
  const done = await register(plan, dataDir);
  return { results: figures(done, raw), identities: done.identities, dids: done.dids };
}

function figures(
  { closed, open, identities }: Extract<Report, { kind: 'done' }>,
  raw: RawSqlite,
): BenchResult[] {
  const [busy, steady] = [summaryOf('registrations', closed), summaryOf('registrations', open)];
  const durability =
    'SQLite WAL, synchronous=FULL, fsynced before the answer: key (keys.db), then event, row and memo (iam.db)';
  const common = {
    durability,
    path: 'handlers of iam-service in its process; no gateway, no Redis',
    identities,
  };
  return [
    result(
      'iam.register.per_s',
      (busy.samples * 1_000) / closed.elapsedMs,
      '1/s',
      {
        ...{ ...common, loop: 'closed', concurrency, samples: busy.samples, failures: closed.failures },
        ...{ p50Ms: busy.p50, p99Ms: busy.p99 },
        limit: `raw better-sqlite3: rows of ${rowBytes} bytes, ${concurrency} to a transaction, same settings and folder`,
      },
      raw.groupedRowsPerS,
    ),
    result(
      'iam.register.durable_p99_ms',
      steady.p99,
      'ms',
      {
        ...{ ...common, loop: 'open', perSecond, samples: steady.samples, failures: open.failures },
        ...{ p50Ms: steady.p50, p95Ms: steady.p95, maxMs: steady.max },
        limit: `raw better-sqlite3: p99 of transactions of one row of ${rowBytes} bytes on the same schedule`,
      },
      raw.openP99,
    ),
    result('iam.wal_vs_delete_ratio', raw.walPerS / raw.deletePerS, 'ratio', {
      ...{ walPerS: raw.walPerS, deletePerS: raw.deletePerS },
      what: `raw better-sqlite3, transactions of one row of ${rowBytes} bytes, synchronous=FULL, one after the other`,
    }),
  ];
}

function register(plan: BenchPlan, dataDir: string): Promise<Extract<Report, { kind: 'done' }>> {
  const { identities, seconds, tell } = plan;
  const child = fork(program, { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ dataDir, identities, concurrency, perSecond, seconds, warmUpSeconds: warmUpSecondsOf(plan) });
  return new Promise((resolve, reject) => {
    let done: Extract<Report, { kind: 'done' }> | undefined;
    child.on('message', (report: Report) => {
      if (report.kind === 'done') done = report;
      else if (report.count % 20_000 === 0) tell(`${report.count} registered`);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (done) resolve(done);
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}
