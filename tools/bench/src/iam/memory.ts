import { memoryOf } from '../process-memory';
import { type BenchResult, result } from '../report';
import type { System } from '../system';

/** Memory of iam-service after it has served. */
export async function memory(system: System, identities: number): Promise<BenchResult[]> {
  const { pid, healthUrl } = system.process('iam-service');
  const { rssMb, anonymousMb, fileBackedMb } = memoryOf(pid);
  const metrics = await (await fetch(`${healthUrl}/metrics`)).text();
  const heap = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1]) / 2 ** 20;
  return [
    result('iam.rss_mb', rssMb, 'MiB', {
      identities,
      anonymousMb,
      fileBackedMb,
      what: 'VmRSS of the process after lookups and logins; the file-backed part has the mapped pages of the store (mmap_size 256 MiB), which the kernel takes back when it needs them',
    }),
    result('iam.heap_mb', heap, 'MiB', {
      identities,
      what: 'V8 heap in use (nodejs_heap_size_used_bytes of /metrics)',
    }),
  ];
}
