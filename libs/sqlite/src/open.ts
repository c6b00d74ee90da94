import { closeSync, existsSync, openSync } from 'node:fs';
import Database, { type Database as Connection } from 'better-sqlite3';

export type { Connection };

export interface OpenOptions {
  readonly readonly?: boolean;
  /** Overwrite what is deleted with zeros, so that a destroyed key is not found in the file. */
  readonly secureDelete?: boolean;
  /** Refuse (SQLITE_BUSY) when anybody has the file open, and let nobody open it meanwhile. */
  readonly exclusive?: boolean;
  /** How long to wait for others who have it locked; 5 s when left out. */
  readonly busyMs?: number;
}

/**
 * Opens a database with the settings that hold everywhere: WAL, `synchronous=FULL` (a WAL file reopens at NORMAL, which
 * loses acknowledged transactions in a power cut, so it is set on every open), foreign keys, 256 MiB of memory map.
 * The file is readable by its owner only.
 */
export function openDatabase(file: string, options: OpenOptions = {}): Connection {
  const isReadonly = options.readonly ?? false;
  // Created before SQLite sees it, because SQLite would let everybody read it; -wal and -shm take its mode. Only when it
  // is not there: closing a file takes away all locks that the process has on it (POSIX), those of other connections too,
  // and then another process takes itself for the last one, and removes the log.
  if (!isReadonly && file !== ':memory:' && !existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const { busyMs = 5_000 } = options;
  const db = new Database(file, { readonly: isReadonly, timeout: busyMs });
  // Before anything is read: only then the lock is taken on the file itself.
  if (options.exclusive) db.pragma('locking_mode = EXCLUSIVE');
  if (!isReadonly) {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma(`secure_delete = ${options.secureDelete ? 'ON' : 'OFF'}`);
  }
  db.pragma('foreign_keys = ON');
  db.pragma('mmap_size = 268435456');
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  return db;
}
