import { memoryOf } from '../process-memory';
import type { BenchPlan } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';

/** Memory of audit-service after it has ingested and served. */
export function memory(system: System, { events }: BenchPlan): BenchResult[] {
  const { rssMb, anonymousMb } = memoryOf(system.process('audit-service').pid);
  return [
    result('audit.rss_mb', rssMb, 'MiB', { events, anonymousMb, what: 'VmRSS of the process at the end' }),
  ];
}
