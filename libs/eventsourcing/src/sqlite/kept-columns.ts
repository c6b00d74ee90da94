import type { Connection } from '@concordat/sqlite';

/** Per table: columns that no event stands behind. */
export type KeptColumns = Readonly<Record<string, readonly string[]>>;

/**
 * Reads columns that a rebuild could not make anew, within its transaction.
 * @returns writes them into the rows that are there by then, by primary key; where nothing was, what was rebuilt stays
 */
export function keepColumns(db: Connection, kept: KeptColumns): () => void {
  const tables = Object.entries(kept).map(([table, columns]) => {
    const key = db
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
      .pluck()
      .all(table);
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

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
