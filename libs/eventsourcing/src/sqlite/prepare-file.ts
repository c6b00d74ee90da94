import { join } from 'node:path';
import { chainStart } from '@concordat/crypto';
import { migrate, type Migration, openDatabase, readMigrations } from '@concordat/sqlite';

export interface FileOptions {
  readonly file: string;
  readonly source: string;
  /** Tables of the service's projections; none for a file that holds the history only. */
  readonly migrations: { readonly room: string; readonly list: readonly Migration[] } | undefined;
  readonly now: () => Date;
}

/** Creates or migrates the file. @returns its epoch */
export function prepareFile({ file, source, migrations, now }: FileOptions): number {
  const db = openDatabase(file, { secureDelete: true });
  try {
    const time = now();
    migrate(db, 'eventsourcing', readMigrations(join(__dirname, 'migrations')), time.toISOString());
    if (migrations) migrate(db, migrations.room, migrations.list, time.toISOString());
    db.prepare('INSERT OR IGNORE INTO store VALUES (1, ?, ?, 0, 0, ?)').run(
      source,
      time.getTime(),
      Buffer.from(chainStart),
    );
    const row = db.prepare<[], { source: string; epoch: number }>('SELECT source, epoch FROM store').get()!;
    if (row.source !== source) throw new Error(`${file} holds the events of ${row.source}, not of ${source}`);
    return row.epoch;
  } finally {
    db.close();
  }
}

/**
 * Begins a new epoch: to be called on a file that was restored from a copy, before a service opens it, because its next
 * positions were perhaps used before with other content.
 */
export function beginEpoch(file: string, nowMs: number): number {
  const db = openDatabase(file);
  try {
    db.prepare('UPDATE store SET epoch = max(epoch + 1, ?)').run(nowMs);
    return db.prepare<[], { epoch: number }>('SELECT epoch FROM store').get()!.epoch;
  } finally {
    db.close();
  }
}
