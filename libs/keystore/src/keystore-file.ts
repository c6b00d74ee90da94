import { join } from 'node:path';
import { type Connection, migrate, openDatabase, readMigrations } from '@concordat/sqlite';
import type { KeyRecord } from './caching-keystore';

export const keyColumns = 'kid, tenant, path, parent_kid AS parentKid, wrapped';

export const insertKey = `INSERT INTO keys (kid, tenant, path, parent_kid, wrapped, created_at)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, path) DO NOTHING`;

export const migrateKeys = (db: Connection, now: string): void =>
  migrate(db, 'keystore', readMigrations(join(__dirname, 'migrations')), now);

/** All keys of a keystore file as they are at one moment, wrapped; it may be in use. @throws Error when it is damaged */
export function readKeyRecords(file: string): KeyRecord[] {
  const db = openDatabase(file, { readonly: true });
  try {
    const damage = db.pragma('quick_check(1)', { simple: true });
    if (damage !== 'ok') throw new Error(`${file} is damaged: ${String(damage)}`);
    // At once: whoever destroys a key meanwhile waits for the readers of the file.
    return db.prepare<[], KeyRecord>(`SELECT ${keyColumns} FROM keys`).all();
  } finally {
    db.close();
  }
}

/** Puts keys into a new keystore file. Durable when it returns. @param now RFC 3339 */
export function writeKeyRecords(file: string, records: readonly KeyRecord[], now: string): void {
  const db = openDatabase(file, { secureDelete: true });
  try {
    migrateKeys(db, now);
    const insert = db.prepare(insertKey);
    db.transaction(() => {
      for (const { kid, tenant, path, parentKid, wrapped } of records)
        insert.run(kid, tenant, path, parentKid, wrapped, now);
    })();
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}
