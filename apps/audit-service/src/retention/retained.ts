import type { RetainedPartition } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { isHeld } from './legal-hold';
import { dueMs, keepOf } from './retention-class';
import { dueRecordsOf } from './due-records';
import { dataKinds, RetentionPartition, type RetentionPartitionRow } from './retention-rows';

/** From when on a partition goes. @returns milliseconds since 1970; Infinity for what is kept for ever */
export const dropsAtMs = ({ retentionClass, fromTime, toTime }: RetentionPartitionRow): number =>
  dueMs(retentionClass, { fromMs: fromTime.getTime(), toMs: toTime.getTime() });

/** All partitions that go one day, that which goes first at the front. */
export async function goingPartitions(em: EntityManager): Promise<RetentionPartitionRow[]> {
  const partitions = await em.find(RetentionPartition, { retentionClass: { $ne: 'forever' } });
  return partitions.sort((a, b) => dropsAtMs(a) - dropsAtMs(b) || (a.name < b.name ? -1 : 1));
}

/**
 * What goes of a tenant by itself: everything that is due, and if wanted, of events and of messages the partition that goes
 * first after that. Records of governance only when they are due.
 * @throws SERVICE_UNAVAILABLE when counting takes too long
 */
export async function retainedOf(
  store: AuditStore,
  tenant: string,
  nowMs: number,
  { alsoNext }: { readonly alsoNext: boolean },
): Promise<RetainedPartition[]> {
  return store.read(async (em) => {
    const partitions = await goingPartitions(em);
    const found: RetainedPartition[] = [];
    for (const kind of dataKinds)
      for (const partition of partitions.filter((one) => one.kind === kind)) {
        const isDue = dropsAtMs(partition) <= nowMs;
        if (!isDue && !alsoNext) break;
        const rows = await countOf(em, partition, tenant);
        if (rows) found.push(rows);
        if (rows && !isDue) break;
      }
    return [...found, ...(await dueRecordsOf(em, tenant, nowMs))];
  });
}

/** @returns undefined when nothing of the tenant is in it */
async function countOf(
  em: EntityManager,
  partition: RetentionPartitionRow,
  tenant: string,
): Promise<RetainedPartition | undefined> {
  const { name, kind, retentionClass, fromTime, toTime } = partition;
  // Sizes are those of all tenants: a share of them is told.
  const [counted] = await em.execute<Counted[]>(
    `SELECT all_rows, held_rows, size * all_rows / greatest(estimate, all_rows, 1) AS bytes
     FROM (SELECT count(*) AS all_rows, count(*) FILTER (WHERE is_under_hold AND ${isHeld(kind)}) AS held_rows
       FROM ${name} AS present CROSS JOIN (SELECT EXISTS
         (SELECT FROM legal_holds WHERE tenant = ? AND released_at IS NULL) AS is_under_hold) AS holds
       WHERE tenant = ?) AS counted
     CROSS JOIN (SELECT pg_total_relation_size(oid) AS size, reltuples::bigint AS estimate
       FROM pg_class WHERE oid = '${name}'::regclass) AS sizes`,
    [tenant, tenant],
  );
  const all = Number(counted!.all_rows);
  if (all === 0) return undefined;
  const heldRows = Number(counted!.held_rows);
  return {
    ...{ kind, keep: keepOf(retentionClass), from: fromTime.toISOString(), to: toTime.toISOString() },
    dropsAt: new Date(dropsAtMs(partition)).toISOString(),
    ...{ rows: all - heldRows, heldRows, bytes: Math.round(Number(counted!.bytes)) },
  };
}

interface Counted {
  readonly all_rows: string;
  readonly held_rows: string;
  readonly bytes: string;
}
