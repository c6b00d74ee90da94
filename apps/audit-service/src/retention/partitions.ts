import type { Clock } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import { logId, LogState, type LogStateRow } from '../log/log-rows';
import { lockLog } from '../log/log-writer';
import type { AuditStore } from '../store/audit-store';
import { Layout, type Partition, type Times } from './layout';
import { partitionName } from './retention-class';
import { RetentionPartition, RetentionSetting, tableOf } from './retention-rows';

type LogTime = Pick<LogStateRow, 'loggedAt'>;

/** The time of the log goes on with the clock, and stands still while the clock is behind it. */
export const timesOf = ({ loggedAt }: LogTime, clock: Clock): Times => {
  const nowMs = clock.nowMs();
  return { nowMs, loggedMs: Math.max(nowMs, loggedAt.getTime()) };
};

/** The layout as it is for a transaction that holds the log, with partitions for everything that can come now. */
export async function layoutAt(
  em: EntityManager,
  state: LogStateRow,
  times: Times,
  known?: Layout,
): Promise<Layout> {
  const { retentionVersion } = state;
  const layout = known?.version === retentionVersion ? known : await readLayout(em, retentionVersion);
  return layout.covers(times) ? layout : createMissing(em, layout, times);
}

export async function readLayout(em: EntityManager, version: number): Promise<Layout> {
  const settings = await em.find(RetentionSetting, {}, { orderBy: { since: 'asc' } });
  const partitions = await em.find(RetentionPartition, {});
  return new Layout(
    version,
    settings.map(({ since, ...setting }) => ({ ...setting, sinceMs: since.getTime() })),
    partitions.map(({ fromTime, toTime, ...partition }) => ({
      ...partition,
      fromMs: fromTime.getTime(),
      toMs: toTime.getTime(),
    })),
  );
}

/**
 * Makes the partitions that are missing. The transaction must hold the log (`lockLog`), which makes this and every change
 * of the layout one after the other.
 */
export async function createMissing(em: EntityManager, layout: Layout, times: Times): Promise<Layout> {
  const missing = layout.missing(times);
  if (missing.length === 0) return layout;
  for (const partition of missing) await create(em, partition);
  return readLayout(em, await layoutChanged(em, layout.version));
}

/** Lets everybody read the layout anew. @returns the new version */
export async function layoutChanged(em: EntityManager, version: number): Promise<number> {
  await em.nativeUpdate(LogState, { id: logId }, { retentionVersion: version + 1 });
  return version + 1;
}

async function create(em: EntityManager, partition: Omit<Partition, 'isClosed'>): Promise<void> {
  const { kind, retentionClass, fromMs, toMs } = partition;
  const parent = `${tableOf[kind]}_${retentionClass}`;
  const name = partitionName(tableOf[kind], retentionClass, partition);
  const [fromTime, toTime] = [new Date(fromMs), new Date(toMs)];
  // Unlike PARTITION OF, attaching lets everybody go on reading and writing.
  await em.execute(`CREATE TABLE ${name} (LIKE ${parent} INCLUDING ALL);
    ALTER TABLE ${parent} ATTACH PARTITION ${name}
      FOR VALUES FROM ('${fromTime.toISOString()}') TO ('${toTime.toISOString()}')`);
  await em.insert(RetentionPartition, { name, kind, retentionClass, fromTime, toTime, isClosed: false });
}

/** Makes partitions ahead of time. Nothing is to be done while there is no log yet. @throws SERVICE_UNAVAILABLE */
export const makeAhead = (store: AuditStore, clock: Clock): Promise<void> =>
  store.transaction(async (em) => {
    const state = await lockLog(em);
    if (!state) return;
    const times = timesOf(state, clock);
    await createMissing(em, await readLayout(em, state.retentionVersion), times);
  });
