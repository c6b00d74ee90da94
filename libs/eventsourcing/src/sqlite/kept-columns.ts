import { existsSync } from 'node:fs';
import { type Connection, openDatabase } from '@concordat/sqlite';

/** Per table: columns that no event stands behind. */
export type KeptColumns = Readonly<Record<string, readonly string[]>>;

/**
 * Reads columns that a rebuild could not make anew, within its transaction.
 * @returns writes them into the rows that are there by then, by primary key; where nothing was, what was rebuilt stays
 */
export function keepColumns(db: Connection, kept: KeptColumns): () => void {
  const tables = Object.entries(kept).map(([table, columns]) => {
    const key = keyOf(db, table);
    const copy = `temp."kept ${table}"`;
    const some = columns.map((name) => `"${name}" IS NOT NULL`).join(' OR ');
    db.exec(
      `CREATE TABLE ${copy} AS SELECT ${list([...key, ...columns])} FROM main."${table}" WHERE ${some}`,
    );
    return { table, columns, key, copy };
  });
  return () => {
    for (const { table, columns, key, copy } of tables) {
      const values = columns.map((name) => `"${name}" = coalesce(k."${name}", t."${name}")`).join(', ');
      const same = key.map((name) => `t."${name}" = k."${name}"`).join(' AND ');
      db.exec(`UPDATE main."${table}" AS t SET ${values} FROM ${copy} AS k WHERE ${same}`);
      db.exec(`DROP TABLE ${copy}`);
    }
  };
}

/** The same from another file of the service: as much as there is, and as can be read. */
export function takeOverColumns(db: Connection, from: string, kept: KeptColumns): void {
  if (!existsSync(from)) return;
  let other: Connection | undefined;
  try {
    other = openDatabase(from, { readonly: true });
    for (const [table, columns] of Object.entries(kept)) takeOver(db, other, table, columns);
  } catch {
    // Damaged, or older than the columns: when somebody was last seen is not worth a restore.
  } finally {
    other?.close();
  }
}

function takeOver(db: Connection, other: Connection, table: string, columns: readonly string[]): void {
  const key = keyOf(db, table);
  const some = columns.map((name) => `"${name}" IS NOT NULL`).join(' OR ');
  const values = columns.map((name) => `"${name}" = coalesce($${name}, "${name}")`).join(', ');
  const same = key.map((name) => `"${name}" = $${name}`).join(' AND ');
  const update = db.prepare(`UPDATE "${table}" SET ${values} WHERE ${same}`);
  const rows = other
    .prepare<[], object>(`SELECT ${list([...key, ...columns])} FROM "${table}" WHERE ${some}`)
    .iterate();
  db.transaction(() => {
    for (const row of rows) update.run(row);
  })();
}

const keyOf = (db: Connection, table: string): string[] =>
  db
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
    .pluck()
    .all(table);

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
