import type { AreaOutcome } from '../area';
import { storeVersions } from '../machine';
import type { BenchPlan } from '../plan';
import type { System } from '../system';
import { checkpoints } from './checkpoints';
import { exportFile } from './export-file';
import { openBusFeeds } from './feed-events';
import { ingest } from './ingest';
import { memory } from './memory';
import { queries } from './queries';
import { statistics } from './statistics';
import { verification } from './verification';

/** Everything about the audit trail, on a log that was ingested as it is in life. */
export async function auditBench(system: System, plan: BenchPlan): Promise<AreaOutcome> {
  await system.start();
  const versions = await storeVersions(system);
  const feeds = await openBusFeeds(system);
  try {
    const results = [
      ...(await ingest(system, plan, feeds)),
      ...(await checkpoints(system, plan, feeds)),
      ...(await queries(system, plan, feeds)),
      ...(await statistics(system, plan)),
      ...(await verification(system, plan)),
      ...(await exportFile(system, plan)),
      ...memory(system, plan),
    ];
    return { results, versions };
  } finally {
    feeds.close();
  }
}
