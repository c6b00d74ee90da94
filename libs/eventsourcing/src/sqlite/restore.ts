import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { comparePositions, type EventEnvelope, type EventSpec, formatPosition } from '@concordat/contracts';
import type { Keystore } from '@concordat/keystore';
import { type Connection, type Migration, openDatabase } from '@concordat/sqlite';
import { hasWithheldContent } from '../codec';
import { fromEnvelope, type Head, specOf } from '../event-store';
import type { Projection } from '../projection';
import { readManifest, removeDatabase, syncPath } from './backup';
import { destroyErased } from './destroy-erased';
import { doAnew } from './do-anew';
import { EventReader } from './event-reader';
import { findKeys, type KeysFound } from './find-keys';
import { readAnchor, writeAnchor } from './head-anchor';
import { copyCommands, HistoryWriter } from './history-writer';
import { prepareFile } from './prepare-file';
import { type KeptColumns, takeOverColumns } from './kept-columns';
import { rebuildProjections } from './rebuild-projections';

/** The stream does not go on where a history ends. */
export class StreamGapError extends Error {
  override readonly name = 'StreamGapError';
}

/** What was published, each entry verified against the chain and the identity of the service. */
export interface PublishedEvents {
  /** Those after a head, in batches. @throws StreamGapError when the stream does not go on there */
  after(head: Head): AsyncIterable<readonly EventEnvelope[]>;
  /** All that are still there. */
  all(): AsyncIterable<readonly EventEnvelope[]>;
}

export interface RestoreOptions {
  readonly file: string;
  readonly source: string;
  readonly migrations: { readonly room: string; readonly list: readonly Migration[] };
  readonly projection: Projection;
  readonly keystore: Keystore;
  readonly now: Date;
  /** A backup to begin with; undefined: what of the present file is whole. */
  readonly backup: string | undefined;
  readonly published: PublishedEvents;
  /**
   * Go on although events between the backup and the stream are lost. What took something away since then and is still
   * in the stream is then done anew.
   */
  readonly acceptLoss: boolean;
  /** Types of events that take something away: revocations, erasures, withdrawals, another password. */
  readonly takesAway: readonly EventSpec[];
  /** Columns per table that no event stands behind: taken over from the present file, as far as it can be read. */
  readonly kept?: KeptColumns | undefined;
  /** Told which keys the restored events need, before anything is destroyed or put in place: throws to refuse. */
  readonly judgeKeys?: ((keys: KeysFound) => void) | undefined;
  readonly onProgress?: (what: string) => void;
}

export interface Restored {
  readonly head: string;
  /** Of the next events. */
  readonly epoch: number;
  readonly fromFile: number;
  readonly fromStream: number;
  /** Events whose content was never published, and which is lost. */
  readonly withoutContent: number;
  /** Events that took something away and were done anew, since what was before them is lost. */
  readonly doneAnew: number;
  /** Keys that an older keystore still had although the history had ordered them destroyed. */
  readonly erasedAgain: number;
  /** Keys that nothing ordered destroyed and the keystore does not have: what is sealed under them stays closed. */
  readonly keysMissing: number;
  /** Events that nobody has any more: those after one position, up to another one if the stream knows it. */
  readonly lost: { readonly after: string; readonly upTo: string | null } | null;
  /** The file that was there before; undefined when there was none. */
  readonly keptAs: string | undefined;
}

const batch = 1_000;

/**
 * Puts a store together from a backup, or from what is whole in the present file, and from what was published after it;
 * rebuilds its tables, begins a new epoch, and puts it in place of the present file at once: a crash leaves the old one.
 * @throws Error when the file is in use, the backup is not what it says, or events are missing and that was not accepted
 */
export async function restoreStore(options: RestoreOptions): Promise<Restored> {
  const { file, source, migrations, now, backup, onProgress } = options;
  requireUnused(file);
  if (backup !== undefined) await readManifest(backup, source);
  const draft = `${file}.restoring`;
  removeDatabase(draft);
  prepareFile({ file: draft, source, migrations, now: () => now });
  const db = openDatabase(draft, { secureDelete: true, exclusive: true });
  let built: Omit<Restored, 'keptAs'> & { readonly last: Head };
  try {
    built = await fill(db, options);
    const { projection, keystore } = options;
    await rebuildProjections(db, {
      ...{ source, projection, keystore },
      onProgress: (done, total) => onProgress?.(`rebuilding tables: ${done} of ${total} events`),
    });
    takeOverColumns(db, file, options.kept ?? {});
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    db.close();
    removeDatabase(draft);
    throw error;
  } finally {
    db.close();
  }
  const keptAs = putInPlace(draft, file, `${file}.replaced-${now.toISOString().replace(/[:.]/g, '')}`);
  const { last, ...restored } = built;
  await writeAnchor(file, last);
  return { ...restored, keptAs };
}

async function fill(
  db: Connection,
  options: RestoreOptions,
): Promise<Omit<Restored, 'keptAs'> & { readonly last: Head }> {
  const { file, source, backup, now } = options;
  const writer = new HistoryWriter(db, source);
  db.exec('BEGIN');
  const begun = copyWhole(backup ?? file, db, writer, options);
  const later = 1 + Math.max(begun.epoch, epochOf(file), readAnchor(file)?.at.epoch ?? 0);
  const taken = await takePublished(writer, options);
  const epoch = Math.max(later, writer.head.at.epoch + 1, taken.lastEpoch + 1, now.getTime());
  const keys = await findKeys(db, taken.anew, options.keystore);
  options.judgeKeys?.(keys);
  // Before anything is opened: a keystore of before the erasures has their keys again.
  const erasedAgain = await destroyErased(db, taken.anew, options.keystore);
  for (const event of taken.anew) await doAnew(writer, event, epoch, options.keystore);
  writer.finish(epoch);
  db.exec('COMMIT');
  return {
    head: formatPosition(writer.head.at),
    last: writer.head,
    epoch,
    fromFile: begun.events,
    fromStream: taken.events,
    withoutContent: taken.withoutContent,
    doneAnew: taken.anew.length,
    erasedAgain,
    keysMissing: keys.missing,
    lost: taken.lost,
  };
}

/** Copies the events up to the first that is damaged, or cannot be read. Of a backup, all of them must be whole. */
function copyWhole(
  from: string,
  db: Connection,
  writer: HistoryWriter,
  { backup, onProgress }: RestoreOptions,
): { events: number; epoch: number } {
  let events = 0;
  let epoch = 0;
  let problem: string | undefined;
  let old: Connection | undefined;
  try {
    old = openDatabase(from, { readonly: true });
    const reader = new EventReader(old);
    epoch = reader.epoch();
    for (let isMore = true; isMore && !problem;) {
      const rows = reader.after(writer.head.at.position, batch, Number.MAX_SAFE_INTEGER);
      for (const row of rows) {
        problem = writer.add(row);
        if (problem) break;
        events += 1;
      }
      onProgress?.(`copying the history: ${events} events`);
      isMore = rows.length === batch;
    }
    copyCommands(old, db, writer.head.at.position);
  } catch (error) {
    // A file that cannot be read at all begins from nothing.
    problem ??= (error as Error).message;
  } finally {
    old?.close();
  }
  if (problem && backup !== undefined) throw new Error(`${backup} is damaged: ${problem}.`);
  if (problem) onProgress?.(`${from} is whole up to ${formatPosition(writer.head.at)}: ${problem}`);
  return { events, epoch };
}

interface Taken {
  readonly events: number;
  readonly withoutContent: number;
  readonly lastEpoch: number;
  readonly anew: readonly EventEnvelope[];
  readonly lost: Restored['lost'];
}

async function takePublished(writer: HistoryWriter, options: RestoreOptions): Promise<Taken> {
  const { published, acceptLoss, onProgress } = options;
  let events = 0;
  let withoutContent = 0;
  try {
    for await (const entries of published.after(writer.head)) {
      for (const entry of entries) {
        const problem = writer.add(fromEnvelope(entry));
        if (problem) throw new StreamGapError(`The stream does not continue the history: ${problem}.`);
        events += 1;
        const stored = JSON.parse(entry.data) as Record<string, unknown>;
        if (hasWithheldContent(specOf(entry.type), stored)) withoutContent += 1;
      }
      onProgress?.(`taking back what was published: ${events} events`);
    }
    return { events, withoutContent, lastEpoch: 0, anew: [], lost: null };
  } catch (error) {
    if (!(error instanceof StreamGapError) || !acceptLoss) throw error;
    return { events, withoutContent, ...(await takenAwayAfter(writer.head, options)) };
  }
}

async function takenAwayAfter(
  { at }: Head,
  { published, takesAway }: RestoreOptions,
): Promise<Pick<Taken, 'lastEpoch' | 'anew' | 'lost'>> {
  const types = new Set(takesAway.map(({ type }) => type as string));
  const anew: EventEnvelope[] = [];
  let lastEpoch = 0;
  let upTo: string | null = null;
  for await (const entries of published.all()) {
    for (const entry of entries) {
      lastEpoch = entry.at.epoch;
      // By epoch too: after an earlier loss, positions were used again.
      if (comparePositions(entry.at, at) <= 0) continue;
      upTo ??= formatPosition(entry.prev);
      if (types.has(entry.type)) anew.push(entry);
    }
  }
  return { lastEpoch, anew, lost: { after: formatPosition(at), upTo } };
}

/** @throws Error when a service has the file open */
function requireUnused(file: string): void {
  if (!existsSync(file)) return;
  let db: Connection | undefined;
  try {
    db = openDatabase(file, { exclusive: true, busyMs: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY'))
      throw new Error(`${file} is in use: stop the service first.`, { cause: error });
    // Damaged: nobody can use it.
  } finally {
    db?.close();
  }
}

/** @returns 0 when the file does not tell */
function epochOf(file: string): number {
  if (!existsSync(file)) return 0;
  let db: Connection | undefined;
  try {
    db = openDatabase(file, { readonly: true });
    return new EventReader(db).epoch();
  } catch {
    return 0;
  } finally {
    db?.close();
  }
}

/**
 * The log of the old file goes first: SQLite would apply it to the new one. A crash after that leaves the old file without
 * its newest events, which a start notices.
 * @returns the name under which the old file is kept
 */
function putInPlace(draft: string, file: string, keptAs: string): string | undefined {
  const wasThere = existsSync(file);
  if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${keptAs}-wal`);
  rmSync(`${file}-shm`, { force: true });
  if (wasThere) linkSync(file, keptAs);
  syncPath(draft);
  renameSync(draft, file);
  syncPath(dirname(file));
  return wasThere ? keptAs : undefined;
}
