import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from './open';

export interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/** Reads `001-name.sql`, `002-…` from a folder. @throws Error when the numbers have a gap or a repetition */
export function readMigrations(folder: string): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => /^\d{3}-[a-z0-9-]+\.sql$/.test(file))
    .sort();
  return files.map((file, index) => {
    const id = Number(file.slice(0, 3));
    if (id !== index + 1) throw new Error(`${join(folder, file)}: expected migration number ${index + 1}`);
    return { id, name: file.slice(4, -4), sql: readFileSync(join(folder, file), 'utf8') };
  });
}

/**
 * Brings a database up to date, in one transaction. `room` keeps the numbers of a library apart from those of its user.
 * @throws Error when the database is newer than this program, or was migrated by another text of the same number
 */
export function migrate(db: Connection, room: string, migrations: readonly Migration[], now: string): void {
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
      room TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL,
      PRIMARY KEY (room, id)) WITHOUT ROWID`);
    const applied = db
      .prepare<[string], { id: number; sha256: string }>(
        'SELECT id, sha256 FROM schema_migrations WHERE room = ? ORDER BY id',
      )
      .all(room);
    if (applied.length > migrations.length) {
      throw new Error(
        `${db.name} is at migration ${applied.length} of "${room}"; this version knows ${migrations.length}. Use the newer version.`,
      );
    }
    for (const [index, migration] of migrations.entries()) {
      const sha256 = createHash('sha256').update(migration.sql).digest('hex');
      const before = applied[index];
      if (before && before.sha256 !== sha256) {
        throw new Error(
          `migration ${migration.id} of "${room}" was edited after it had run on ${db.name}; add a new one instead`,
        );
      }
      if (before) continue;
      db.exec(migration.sql);
      db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?, ?)').run(
        room,
        migration.id,
        migration.name,
        sha256,
        now,
      );
    }
  }).immediate();
}
