import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPlan } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';

interface Verified {
  readonly log: { readonly entries: number; readonly entriesPerSecond: number };
}

/** The whole log, downloaded before, verified by the command line: with neither Redis nor PostgreSQL nor gateway. */
export async function verification(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('offline verification');
  const folder = await mkdtemp(join(tmpdir(), 'concordat-bench-log-'));
  try {
    await system.answerOf('audit', 'download', folder);
    const { log } = (await system.answerOf('audit', 'verify', '--bundle', folder)) as Verified;
    return [
      result('audit.verify.per_s', log.entriesPerSecond, '1/s', {
        ...{ entries: log.entries },
        what: 'concordat audit verify --bundle: every entry and tile up to the signed root, from files, one process',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
