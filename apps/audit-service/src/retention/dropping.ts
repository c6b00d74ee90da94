import { HeldRowsDropped, PartitionDropped } from '@concordat/contracts';
import type { Clock, Logger } from '@concordat/runtime';
import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { lockLog } from '../log/log-writer';
import type { OwnEvents } from '../own-event/own-events';
import { daysOf, markDays, markGone } from '../statistics/marks';
import type { AuditStore } from '../store/audit-store';
import { rowsWhere } from '../store/bulk';
import { isHeld, LegalHoldEntity } from './legal-hold';
import { dropRecords } from './dropping-records';
import { requireGenuine } from './genuine-partition';
import { layoutChanged, makeAhead } from './partitions';
import { dropsAtMs, goingPartitions } from './retained';
import { keepOf } from './retention-class';
import {
  type DataKind,
  dataKinds,
  RetentionPartition,
  type RetentionPartitionRow,
  tableOf,
} from './retention-rows';

export interface DroppingPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

const actor = 'service:audit';
const timeColumns = { events: 'logged_at', messages: 'accepted_at' } as const;
/** Rows that only released holds have kept, in one transaction. */
const heldBatch = 5_000;
/** How often a hold may come between. */
const attempts = 5;

/**
 * A run of retention: makes partitions ahead, drops those that are due, and what only released holds have kept; then
 * records of governance. Every step
 * is a transaction, and may be done again: a run that ended anywhere is gone on with by the next one, here or in another
 * process.
 */
export async function runRetention(ports: DroppingPorts): Promise<void> {
  const { store, clock } = ports;
  await makeAhead(store, clock);
  for (const partition of await closeDue(ports)) await drop(ports, partition);
  for (const kind of dataKinds) await dropReleased(ports, kind);
  await dropRecords(ports);
}

/** From here on nothing is written into what is due. Ingest learns of it by the version of the layout. */
function closeDue({ store, clock }: DroppingPorts): Promise<RetentionPartitionRow[]> {
  return store.transaction(async (em) => {
    const state = await lockLog(em);
    if (!state) return [];
    const due = (await goingPartitions(em)).filter((partition) => dropsAtMs(partition) <= clock.nowMs());
    for (const partition of due) await requireGenuine(em, partition);
    const open = due.filter(({ isClosed }) => !isClosed).map(({ name }) => name);
    if (open.length > 0) {
      await em.nativeUpdate(RetentionPartition, { name: { $in: open } }, { isClosed: true });
      await layoutChanged(em, state.retentionVersion);
    }
    return due;
  });
}

async function drop(ports: DroppingPorts, partition: RetentionPartitionRow): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    try {
      const holds = await moveHeld(ports, partition);
      if (await dropUnder(ports, partition, holds)) return;
    } catch (error) {
      // Another process may have been first, at any moment.
      const { name } = partition;
      if (await ports.store.read((em) => em.findOne(RetentionPartition, { name }))) throw error;
      return;
    }
  }
  throw new Error(`${partition.name} is not dropped: legal holds are placed again and again`);
}

/**
 * Moves rows under an active hold out of a partition. They are in one of the two at any time.
 * @returns the ids of the holds that it has looked at
 */
function moveHeld({ store }: DroppingPorts, partition: RetentionPartitionRow): Promise<ReadonlySet<string>> {
  const { kind, name } = partition;
  return store.work(async (em) => {
    // Two processes must not move the same rows; the second waits here, and finds nothing more to do.
    await em.findOne(RetentionPartition, { name }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const holds = await activeHolds(em);
    if (holds.size > 0) await em.execute(movingSql(kind, partition));
    return holds;
  });
}

function movingSql(kind: DataKind, { retentionClass, fromTime, toTime }: RetentionPartitionRow): string {
  const time = timeColumns[kind];
  // To change what a partition is made by is to move the row.
  const move = `UPDATE ${tableOf[kind]} AS present SET retention_class = 'held'
    WHERE retention_class = '${retentionClass}'
      AND ${time} >= '${fromTime.toISOString()}' AND ${time} < '${toTime.toISOString()}' AND ${isHeld(kind)}`;
  if (kind === 'events') return move;
  // Whatever changes such a message later finds it there.
  return `WITH moved AS (${move} RETURNING tenant, message_id, retention_class, accepted_at)
    INSERT INTO message_places (tenant, message_id, retention_class, accepted_at) SELECT * FROM moved
    ON CONFLICT (message_id, tenant)
      DO UPDATE SET retention_class = excluded.retention_class, accepted_at = excluded.accepted_at`;
}

async function activeHolds(em: EntityManager): Promise<ReadonlySet<string>> {
  const holds = await em.find(LegalHoldEntity, { releasedAt: null }, { fields: ['id'] });
  return new Set(holds.map(({ id }) => id));
}

/** @returns false when a hold has come that was not looked at yet: it may be on rows of the partition */
async function dropUnder(
  { store, ownEvents, logger }: DroppingPorts,
  partition: RetentionPartitionRow,
  seen: ReadonlySet<string>,
): Promise<boolean> {
  const { name, kind, retentionClass, fromTime, toTime } = partition;
  const counts = await store.work((em) => countByTenant(em, partition));
  // Nothing is written into it any more.
  const days = kind === 'messages' ? await store.work((em) => daysOf(em, name)) : [];
  return ownEvents.transaction(async (em, append) => {
    // No hold is placed from here to the end.
    await em.execute('LOCK TABLE legal_holds IN SHARE MODE');
    if ([...(await activeHolds(em))].some((id) => !seen.has(id))) return false;
    // Another process was first.
    if ((await em.nativeDelete(RetentionPartition, { name })) === 0) return true;
    // Waits for readers as long as ingest may wait behind it; else the next run tries again.
    await em.execute("SET LOCAL lock_timeout = '500ms'");
    await em.execute(`DROP TABLE ${name}`);
    await markDays(em, days);
    const stretch = { from: fromTime.toISOString(), to: toTime.toISOString() };
    if (kind === 'messages')
      await em.execute(
        'DELETE FROM message_places WHERE retention_class = ? AND accepted_at >= ? AND accepted_at < ?',
        [retentionClass, stretch.from, stretch.to],
      );
    for (const { tenant, rows, heldRows } of counts) {
      const data = { kind, keep: keepOf(retentionClass), ...stretch, rows, heldRows };
      append({ spec: PartitionDropped, tenant, actor, data });
    }
    logger.info({ partition: name }, 'a partition that was due is dropped');
    return true;
  });
}

interface TenantRows {
  readonly tenant: string;
  readonly rows: number;
  readonly heldRows: number;
}

/** What is in a partition now, and what of its time is held. */
async function countByTenant(em: EntityManager, partition: RetentionPartitionRow): Promise<TenantRows[]> {
  const { kind, name, fromTime, toTime } = partition;
  const time = timeColumns[kind];
  const counted = await em.execute<{ tenant: string; rows: string; held: string }[]>(
    `SELECT tenant, sum(rows) AS rows, sum(held) AS held FROM (
       SELECT tenant, count(*) AS rows, 0 AS held FROM ${name} GROUP BY tenant UNION ALL
       SELECT tenant, 0, count(*) FROM ${tableOf[kind]}_held WHERE ${time} >= ? AND ${time} < ? GROUP BY tenant
     ) AS counted GROUP BY tenant ORDER BY tenant`,
    [fromTime.toISOString(), toTime.toISOString()],
  );
  return counted.map(({ tenant, rows, held }) => ({ tenant, rows: Number(rows), heldRows: Number(held) }));
}

/** Deletes held rows that no active hold is on any more: they are few, and what kept them else is long over. */
async function dropReleased(ports: DroppingPorts, kind: DataKind): Promise<void> {
  const table = `${tableOf[kind]}_held`;
  const find = (): Promise<{ ctid: string }[]> =>
    ports.store.work((em) =>
      em.execute(
        `SELECT ctid::text AS ctid FROM ${table} AS present WHERE NOT ${isHeld(kind)} LIMIT ${heldBatch}`,
      ),
    );
  for (let found = await find(); found.length > 0; found = await find())
    await dropRows(
      ports,
      kind,
      found.map(({ ctid }) => ctid),
    );
}

function dropRows({ ownEvents }: DroppingPorts, kind: DataKind, places: readonly string[]): Promise<void> {
  const id = kind === 'events' ? 'log_index' : 'message_id';
  // What is counted by time is counted anew.
  const time = kind === 'messages' ? ', timestamp' : '';
  const forget = `, ${markGone}, forgotten AS (DELETE FROM message_places AS place USING gone
    WHERE (place.message_id, place.tenant) = (gone.id, gone.tenant))`;
  return ownEvents.transaction(async (em, append) => {
    await em.execute('LOCK TABLE legal_holds IN SHARE MODE');
    const counted = await rowsWhere<{ tenant: string; rows: string }>(
      em,
      `WITH gone AS (DELETE FROM ${tableOf[kind]}_held AS present
        WHERE ctid = ANY(?::tid[]) AND NOT ${isHeld(kind)} RETURNING tenant, ${id} AS id${time})${kind === 'messages' ? forget : ''}
       SELECT tenant, count(*) AS rows FROM gone GROUP BY tenant ORDER BY tenant`,
      places,
    );
    for (const { tenant, rows } of counted)
      append({ spec: HeldRowsDropped, tenant, actor, data: { kind, rows: Number(rows) } });
  });
}
