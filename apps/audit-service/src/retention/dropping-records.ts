import { RecordsDropped } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { holdRecords } from '../governance/record';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { DroppingPorts } from './dropping';
import { dueStretchesOf, timeOf } from './due-records';
import type { DueStretch } from './due-stretches';
import { isHeld } from './legal-hold';
import { keepOf } from './retention-class';
import { type RecordKind, recordKinds, recordTables } from './retention-rows';

/** Records that are looked at in one transaction: each is held against every legal hold of its tenant. */
const recordsAtOnce = 1_000;
const actor = 'service:audit';

/** Where a walk through the records of a stretch is. */
interface Place {
  readonly at: string;
  readonly id: string;
}

/**
 * Deletes records of governance that are over and under no hold, some at a time, and tells of each some with the transaction
 * that deletes them. What a hold has kept goes by itself when the hold is released, since its time is over still.
 * @throws what went wrong first, after it has gone on with all other tenants
 */
export async function dropRecords(ports: DroppingPorts): Promise<void> {
  const failures: unknown[] = [];
  for (const kind of recordKinds)
    for (const tenant of await tenantsOf(ports.store, kind))
      await dropRecordsOf(ports, tenant, kind).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function dropRecordsOf(ports: DroppingPorts, tenant: string, kind: RecordKind): Promise<void> {
  const { store, clock } = ports;
  for (const stretch of await store.read((em) => dueStretchesOf(em, tenant, clock.nowMs()))) {
    let place: Place | undefined = { at: timeOf(stretch.fromMs), id: '' };
    while (place) place = await dropSome(ports, tenant, kind, stretch, place);
  }
}

/** One after the other out of an index, since there are few of them and many records. */
async function tenantsOf(store: AuditStore, kind: RecordKind): Promise<string[]> {
  const { table } = recordTables[kind];
  const next = (condition: string): string =>
    `SELECT tenant FROM ${table} WHERE ${condition} ORDER BY tenant LIMIT 1`;
  const rows = await store.read((em) =>
    em.execute<{ tenant: string }[]>(
      `WITH RECURSIVE found AS ((${next('true')}) UNION ALL
         SELECT (${next('tenant > found.tenant')}) FROM found WHERE found.tenant IS NOT NULL)
       SELECT tenant FROM found WHERE tenant IS NOT NULL`,
    ),
  );
  return rows.map(({ tenant }) => tenant);
}

/** @returns undefined when the stretch has no more */
function dropSome(
  { ownEvents }: DroppingPorts,
  tenant: string,
  kind: RecordKind,
  { retentionClass, toMs }: DueStretch,
  place: Place,
): Promise<Place | undefined> {
  return ownEvents.transaction(async (em, append) => {
    // No hold is placed from here to the end.
    await em.execute('LOCK TABLE legal_holds IN SHARE MODE');
    await holdRecords(em, tenant);
    const { looked, rows, first, last } = await deleteSome(em, tenant, kind, place, timeOf(toMs));
    if (!first || !last) return undefined;
    if (rows > 0) {
      const from = new Date(first).toISOString();
      const to = new Date(Date.parse(last.at) + 1).toISOString();
      const data = { kind, keep: keepOf(retentionClass), from, to, rows, heldRows: looked - rows };
      append({ spec: RecordsDropped, tenant, actor, data });
    }
    return looked < recordsAtOnce ? undefined : last;
  });
}

interface Deleted {
  readonly looked: number;
  readonly rows: number;
  readonly first: string | null;
  readonly last: Place | null;
}

async function deleteSome(
  em: EntityManager,
  tenant: string,
  kind: RecordKind,
  place: Place,
  before: string,
): Promise<Deleted> {
  const { table, at, isOver } = recordTables[kind];
  const [deleted] = await queryRows<Deleted>(
    em,
    `WITH looked AS (
       SELECT id, ${at} AS at FROM ${table}
       WHERE tenant = ? AND (${at}, id) > (?::timestamptz, ?) AND ${at} < ?::timestamptz AND ${isOver}
       ORDER BY ${at}, id LIMIT ${recordsAtOnce}),
     gone AS (
       DELETE FROM ${table} AS present USING looked
       WHERE present.tenant = ? AND present.id = looked.id AND NOT ${isHeld(kind)} RETURNING present.id)
     SELECT (SELECT count(*)::int4 FROM looked) AS looked, (SELECT count(*)::int4 FROM gone) AS rows,
       (SELECT to_json(min(at)) #>> '{}' FROM looked) AS first,
       (SELECT json_build_object('at', at, 'id', id) FROM looked ORDER BY looked.at DESC, looked.id DESC LIMIT 1) AS last`,
    [tenant, place.at, place.id, before, tenant],
  );
  return deleted!;
}
