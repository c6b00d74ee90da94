import { edgeOf, type LogFault, tileWidthIn } from '@concordat/crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { Faults } from './fault';

/** The log as it stood at one moment: what comes later is not looked at. */
export interface Snapshot {
  readonly size: number;
  readonly root: Uint8Array;
  readonly tenants: readonly string[];
  readonly cursors: readonly SourceRow[];
  /** Entries of sources that were refused, so that no leaf tells of them. */
  readonly refused: readonly SourceRow[];
}

export interface SourceRow {
  readonly source: string;
  readonly epoch: number;
  readonly position: number;
}

/** Runs reads that see one state of the database. */
export const atOnce = <T>(store: AuditStore, task: (em: EntityManager) => Promise<T>): Promise<T> =>
  store.transaction(async (em) => {
    await queryRows(em, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return task(em);
  });

const anyIndex = 8_000_000_000_000_000;

/** Takes the snapshot, and looks for rows that stand outside of the log. @returns undefined when there is no log to verify */
export const takeSnapshot = (
  store: AuditStore,
  vkey: string,
  faults: Faults,
): Promise<Snapshot | undefined> =>
  atOnce(store, async (em) => {
    const state = await readState(em, vkey, faults);
    if (!state) return undefined;
    const tenants = await readTenants(em);
    await findStrayEntries(em, state.size, faults);
    await findStrayTiles(em, state.size, faults);
    for (const tenant of tenants) await findStrayEvents(em, tenant, state.size, faults);
    const cursors = await sourceRows(em, 'SELECT source, epoch, position FROM source_cursors');
    const refused = await sourceRows(
      em,
      `SELECT source, epoch, position FROM ingest_alarms JOIN source_cursors USING (source, epoch, position)
       WHERE kind = 'malformed'`,
    );
    return { ...state, tenants, cursors, refused };
  });

async function readState(em: EntityManager, vkey: string, faults: Faults) {
  const rows = await queryRows<{ vkey: string; size: string; root: Uint8Array }>(
    em,
    'SELECT vkey, size, root FROM log_state',
  );
  const [state] = rows;
  const table = 'log_state';
  if (!state) faults.add({ table, detail: 'the state of the log is missing' });
  else if (state.vkey !== vkey) faults.add({ table, detail: 'it is the state of another log' });
  return state && { size: Number(state.size), root: state.root };
}

/** One after the other through the index: a list of all rows would take too long. */
export async function readTenants(em: EntityManager): Promise<string[]> {
  const rows = await queryRows<{ tenant: string }>(
    em,
    `WITH RECURSIVE found AS (
       (SELECT tenant FROM audit_events ORDER BY tenant LIMIT 1)
       UNION ALL
       SELECT (SELECT tenant FROM audit_events WHERE tenant > found.tenant ORDER BY tenant LIMIT 1)
       FROM found WHERE found.tenant IS NOT NULL)
     SELECT tenant FROM found WHERE tenant IS NOT NULL`,
  );
  return rows.map(({ tenant }) => tenant);
}

async function findStrayEntries(em: EntityManager, size: number, faults: Faults): Promise<void> {
  const rows = await queryRows<{ leaf_index: string; event_id: string }>(
    em,
    'SELECT leaf_index, event_id FROM log_entries WHERE leaf_index < 0 OR leaf_index >= ? ORDER BY leaf_index LIMIT 10',
    [size],
  );
  for (const { leaf_index, event_id } of rows) {
    const at = { logIndex: Number(leaf_index), eventId: event_id };
    faults.add({ table: 'log_entries', ...at, detail: `the log ends at ${size}` });
  }
}

/** A tile that the log does not have, or that is wider or narrower than it. */
async function findStrayTiles(em: EntityManager, size: number, faults: Faults): Promise<void> {
  const edge = edgeOf(size);
  const levels = Array.from({ length: 8 }, (_, level) => level);
  const ends = levels.map((level) => lastTile(size, level));
  const rows = await queryRows<{ level: number; index: string; bytes: number }>(
    em,
    `SELECT level, index, octet_length(hashes) AS bytes FROM log_tiles
     WHERE level < 0 OR level > 7 OR index < 0 ${levels.map(() => 'OR (level = ? AND index >= ?)').join(' ')}
     ORDER BY level, index LIMIT 100`,
    levels.flatMap((level) => [level, ends[level]!]),
  );
  for (const { level, index, bytes } of rows) {
    const width = tileWidthIn(size, { level, index: Number(index) });
    if (level >= 0 && level < 8 && Number(index) >= 0 && width > 0 && bytes === width * 32) continue;
    const at = { row: `${level}/${index}` };
    faults.add({
      table: 'log_tiles',
      ...at,
      detail: `a log of ${size} entries has no such tile, or another width of it`,
    });
  }
  const found = new Set(rows.map(({ level, index }) => `${level}/${index}`));
  for (const { level, index } of edge)
    if (!found.has(`${level}/${index}`))
      faults.add({ table: 'log_tiles', row: `${level}/${index}`, detail: 'the tile is missing' });
}

const lastTile = (size: number, level: number): number =>
  Math.max(0, Math.ceil(Math.floor(size / 256 ** level) / 256) - 1);

async function findStrayEvents(
  em: EntityManager,
  tenant: string,
  size: number,
  faults: Faults,
): Promise<void> {
  const rows = await queryRows<{ log_index: string; event_id: string }>(
    em,
    `SELECT log_index, event_id FROM audit_events
     WHERE tenant = ? AND (log_index < 0 OR log_index >= ?) AND log_index < ? ORDER BY log_index LIMIT 10`,
    [tenant, size, anyIndex],
  );
  for (const { log_index, event_id } of rows) {
    const at = { tenant, logIndex: Number(log_index), eventId: event_id };
    faults.add({ table: 'audit_events', ...at, detail: `the log ends at ${size}` });
  }
}

async function sourceRows(em: EntityManager, sql: string): Promise<SourceRow[]> {
  const rows = await queryRows<{ source: string; epoch: string; position: string }>(em, sql);
  return rows.map(({ source, epoch, position }) => ({
    source,
    epoch: Number(epoch),
    position: Number(position),
  }));
}

/** A fault of the log, as one of its tables. */
export const tableOf = ({ kind }: LogFault): string =>
  kind === 'tile'
    ? 'log_tiles'
    : kind === 'root'
      ? 'log_state'
      : kind === 'entry'
        ? 'log_entries'
        : 'log_checkpoints';
