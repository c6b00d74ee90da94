import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPlan } from '../plan';
import { memoryOf, peakRssMb } from '../process-memory';
import { type BenchResult, result } from '../report';
import type { System } from '../system';

interface Written {
  readonly lines: number;
  readonly linesPerSecond: number;
}

/** The whole trail into a file by the command line, and what the services that it goes through need for it. */
export async function exportFile(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('export');
  const folder = await mkdtemp(join(tmpdir(), 'concordat-bench-export-'));
  const [audit, gateway] = ['audit-service', 'bus-gateway-1'].map((name) => system.process(name).pid);
  const before = [audit!, gateway!].map((pid) => memoryOf(pid).rssMb);
  try {
    const exporting = system.answerOf('audit', 'export', '--out', join(folder, 'trail.ndjson'));
    const [peaks, written] = await Promise.all([peakRssMb([audit!, gateway!], exporting), exporting]);
    const { lines, linesPerSecond } = written as Written;
    return [
      result('audit.export.per_s', linesPerSecond, '1/s', {
        ...{ lines, format: 'ndjson' },
        ...{ auditRssMb: before[0]!, auditRssGrowthMb: peaks[0]! - before[0]! },
        ...{ gatewayRssMb: before[1]!, gatewayRssGrowthMb: peaks[1]! - before[1]! },
        what: 'concordat audit export: one stream, sealed chunks over Redis, every event opened, to a file; its check after that not counted',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
