import type { Keystore } from '@concordat/keystore';
import { type Connection, type SqlStatement, StatementRunner } from '@concordat/sqlite';
import { openData } from '../codec';
import { specOf } from '../event-store';
import type { Projection } from '../projection';
import { EventReader } from './event-reader';
import { keepColumns, type KeptColumns } from './kept-columns';

export interface RebuildOptions {
  readonly source: string;
  /** Every event of the source, whatever its type. @throws Error for one that it does not know */
  readonly projection: Projection;
  /** Opens sealed fields; those whose key was destroyed stay closed. */
  readonly keystore: Keystore;
  /** Columns that no event stands behind: they stay as they are. */
  readonly kept?: KeptColumns | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Rebuilt {
  readonly events: number;
  readonly tables: readonly string[];
}

/** Events that are opened together; their clear text is in memory for as long. */
const batch = 200;
const cacheKiB = 131_072;
/** How often progress is told, in events. */
const progressStep = 1_000;

/** What of an event a projection is told: without the hashes. */
interface EventRow {
  readonly position: number;
  readonly epoch: number;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly time: string;
  readonly actor: string;
  readonly data: string;
}

const selectEvents = `SELECT position, epoch, tenant, stream, version, type, time, actor, data FROM events
  WHERE position > ? ORDER BY position LIMIT ?`;

/** Tables that are no projections: the history and what belongs to it (001-events.sql). */
const historyTables = ['events', 'store', 'commands', 'schema_migrations'];

/**
 * Makes all tables of projections anew from the events, in one transaction: whoever reads meanwhile, and whoever comes
 * after a crash, sees the old ones.
 * @param db opened exclusively: the place of an event is told to the statements by the head of the store (projection.ts)
 */
export async function rebuildProjections(db: Connection, options: RebuildOptions): Promise<Rebuilt> {
  const tables = projectionTables(db);
  // Of the one transaction, as much as may be stays in memory: with the 2 MiB of SQLite pages go to the log and back.
  db.pragma(`cache_size = -${cacheKiB}`);
  // What a rule refused never became an event; what is in the history was judged then.
  db.function('refuse', { varargs: true }, () => null);
  // Asked once at the end instead of for every row.
  db.pragma('foreign_keys = OFF');
  db.exec('BEGIN IMMEDIATE');
  try {
    const head = db.prepare('SELECT head_epoch, position FROM store').raw().get() as [number, number];
    const writeKept = keepColumns(db, options.kept ?? {});
    for (const table of tables) db.exec(`DELETE FROM "${table}"`);
    const events = await applyAll(db, options);
    writeKept();
    db.prepare('UPDATE store SET head_epoch = ?, position = ?').run(...head);
    const broken = db.pragma('foreign_key_check') as { table: string }[];
    if (broken.length > 0)
      throw new Error(`the rebuilt ${broken[0]!.table} refers to rows that are not there`);
    db.exec('COMMIT');
    return { events, tables };
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  } finally {
    db.pragma('foreign_keys = ON');
  }
}

export const projectionTables = (db: Connection): string[] =>
  db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .pluck()
    .all()
    .filter((name) => !historyTables.includes(name));

async function applyAll(db: Connection, options: RebuildOptions): Promise<number> {
  const select = db.prepare<[number, number], EventRow>(selectEvents);
  const runner = new StatementRunner(db);
  const enter = db.prepare('UPDATE store SET head_epoch = ?, position = ?');
  const total = new EventReader(db).count();
  let last = 0;
  let done = 0;
  for (;;) {
    const events = select.all(last, batch);
    const effects = await Promise.all(events.map((event) => effectsOf(event, options)));
    for (const [index, { epoch, position }] of events.entries()) {
      enter.run(epoch, position);
      for (const effect of effects[index]!) runner.run(effect);
    }
    done += events.length;
    if (events.length > 0 && (done % progressStep === 0 || done === total)) options.onProgress?.(done, total);
    if (events.length < batch) return done;
    last = events.at(-1)!.position;
  }
}

async function effectsOf(
  event: EventRow,
  { projection, keystore }: RebuildOptions,
): Promise<readonly SqlStatement[]> {
  const spec = specOf(event.type);
  const sealed = JSON.parse(event.data) as Record<string, unknown>;
  const data = await openData(spec, sealed, event, keystore);
  const { type, tenant, stream, version, time, actor } = event;
  return projection({ type, data, sealed, tenant, stream, version, time, actor });
}
