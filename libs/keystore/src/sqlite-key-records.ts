import type { Statement } from 'better-sqlite3';
import { type Connection, openDatabase, SqliteWriter, type SqlStatement } from '@concordat/sqlite';
import type { KeyRecord, KeyRecords } from './caching-keystore';
import { insertKey, keyColumns, migrateKeys } from './keystore-file';

const removeSql = `DELETE FROM keys WHERE kid IN (
    WITH RECURSIVE down (kid) AS (
      SELECT kid FROM keys WHERE tenant = ? AND path = ?
      UNION ALL SELECT keys.kid FROM keys JOIN down ON keys.parent_kid = down.kid)
    SELECT kid FROM down)
  RETURNING kid`;

/**
 * Wrapped keys in a SQLite file of their own. `secure_delete` overwrites a removed key, and the write-ahead log is
 * emptied by `purge`, so the bytes are then gone from both files.
 */
export class SqliteKeyRecords implements KeyRecords {
  readonly #writer: SqliteWriter;
  readonly #reader: Connection;
  #hasLeftovers = false;
  readonly #byPath: Statement<[string, string], KeyRecord>;
  readonly #byKid: Statement<[string], KeyRecord>;

  constructor(
    file: string,
    private readonly now: () => string,
    onFailure: (error: Error) => void,
  ) {
    const db = openDatabase(file, { secureDelete: true });
    migrateKeys(db, now());
    // A crash may have come between a removal and the emptying of the log.
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    this.#writer = new SqliteWriter({ file, secureDelete: true, onFailure });
    this.#reader = openDatabase(file, { readonly: true });
    this.#byPath = this.#reader.prepare(`SELECT ${keyColumns} FROM keys WHERE tenant = ? AND path = ?`);
    this.#byKid = this.#reader.prepare(`SELECT ${keyColumns} FROM keys WHERE kid = ?`);
  }

  byPath(tenant: string, path: string): KeyRecord | undefined {
    return this.#byPath.get(tenant, path);
  }

  byKid(kid: string): KeyRecord | undefined {
    return this.#byKid.get(kid);
  }

  async insert(record: KeyRecord): Promise<KeyRecord> {
    const { kid, tenant, path, parentKid, wrapped } = record;
    await this.#writer.run([{ sql: insertKey, params: [kid, tenant, path, parentKid, wrapped, this.now()] }]);
    return this.byPath(tenant, path)!;
  }

  async remove(tenant: string, path: string): Promise<string[]> {
    const remove: SqlStatement = { sql: removeSql, params: [tenant, path], returnsRows: true };
    const [removed] = await this.#writer.run([remove]);
    const kids = removed!.rows.map((row) => String(row['kid']));
    this.#hasLeftovers ||= kids.length > 0;
    return kids;
  }

  async purge(): Promise<void> {
    if (!this.#hasLeftovers) return;
    this.#hasLeftovers = false;
    try {
      await this.#writer.checkpoint();
    } catch (error) {
      this.#hasLeftovers = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#writer.close();
  }
}
