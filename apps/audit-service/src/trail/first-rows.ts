import { limits } from '@concordat/contracts';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';

/** A piece of SQL with its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const sql = (text: string, ...values: readonly unknown[]): Sql => ({ text, values });

/**
 * One way to rows `r` that an index knows in order. A row may be found by several of them.
 * Of every row of `from`, the first rows that meet `where` are read, and no more.
 */
export interface Arm {
  readonly from: Sql;
  readonly where: Sql;
  /** Columns of `r` that have one value for each row of `from`, before those of the order: so that one index alone has it. */
  readonly within?: readonly string[];
}

export interface FirstRows {
  readonly table: string;
  /** property of the row → column or expression of `r` */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that give every row a place of its own. */
  readonly order: readonly string[];
  readonly isDescending: boolean;
  /** Whether there is an index for each arm that has its rows in order. */
  readonly isIndexed: boolean;
  /** At least one. */
  readonly arms: readonly Arm[];
  /** All of which hold for every row. */
  readonly conditions: readonly Sql[];
  readonly limit: number;
  /** What is large. Property → column, and the property that says how many bytes it has. */
  readonly content: { readonly property: string; readonly column: string; readonly bytes: string };
}

const all = (conditions: readonly Sql[]): Sql =>
  sql(conditions.map(({ text }) => `(${text})`).join(' AND '), ...conditions.flatMap(({ values }) => values));

/**
 * The first rows in order that meet all conditions and that any arm finds, with the content of those that may go out at
 * once. Alternatives (`this agent sent it, or got it`)
 * are an arm each: PostgreSQL knows no order for OR, and would read and sort everything that there is.
 */
export function toSql(query: FirstRows): Sql {
  const { table, columns, order, isDescending, arms, conditions, limit, content } = query;
  const direction = isDescending ? 'DESC' : 'ASC';
  const orderBy = (within: readonly string[]): string =>
    [...within, ...order].map((column) => `r.${column} ${direction}`).join(', ');
  const properties = [...Object.entries(columns), ['content', content.column]].map(
    ([property, column]) => `${column} AS "${property}"`,
  );
  const places = order.map((column, i) => `r.${column} AS order_${i}`).join(', ');
  const read = arms.map(({ from, where, within = [] }): Sql => {
    const condition = all([...conditions, where]);
    return sql(
      `SELECT f.* FROM ${from.text} JOIN LATERAL (
        SELECT ${[...properties, places].join(', ')} FROM ${table} r WHERE ${condition.text}
        ORDER BY ${orderBy(within)} LIMIT ?) f ON true`,
      ...[...from.values, ...condition.values, limit],
    );
  });
  const keys = order.map((_, i) => `order_${i}`);
  const inOrder = keys.map((key) => `${key} ${direction}`).join(', ');
  const found = `SELECT DISTINCT ON (${keys.join(', ')}) * FROM (${read.map(({ text }) => text).join(' UNION ALL ')}) found
    ORDER BY ${inOrder} LIMIT ?`;
  const names = Object.keys(columns).map((property) => `"${property}"`);
  const before = `sum("${content.bytes}") OVER (ORDER BY ${inOrder} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  return sql(
    `SELECT ${names}, CASE WHEN COALESCE(${before}, 0) <= ? THEN content END AS "${content.property}"
      FROM (${found}) page ORDER BY ${inOrder}`,
    ...[limits.chunkBytes, ...read.flatMap(({ values }) => values), limit],
  );
}

/**
 * Has PostgreSQL read in order what an index has in order. What it knows of a value is a guess: where it expects few rows
 * it would read them all and sort them, and there may be a million. The penalty must not look like work that is worth
 * compiling.
 */
export const settingsFor = ({ isIndexed }: Pick<FirstRows, 'isIndexed'>): Readonly<Record<string, string>> =>
  isIndexed ? { enable_sort: 'off', enable_bitmapscan: 'off', jit: 'off' } : {};

/** With their content as far as it goes out at once: no more is read. */
export function firstRows<Row>(store: AuditStore, query: FirstRows): Promise<readonly Row[]> {
  const { text, values } = toSql(query);
  return store.snapshot((snapshot) => queryRows<Row>(snapshot, text, values), settingsFor(query));
}

/** The one arm of a query that needs no other. */
export const anyRow: Arm = { from: sql('(SELECT) one'), where: sql('true') };

/** A time to the microsecond, as the database has it: a place in a list must not be rounded. */
export const exactTime = (column: string): string =>
  `to_char(r.${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Rows after a place in the order. The first condition alone is a range of an index; the second decides among equals. */
export function after(
  order: readonly [string, ...string[]],
  isDescending: boolean,
  place: readonly unknown[],
): Sql[] {
  const sign = isDescending ? '<' : '>';
  const columns = order.map((column) => `r.${column}`).join(', ');
  const marks = order.map(() => '?').join(', ');
  return [sql(`r.${order[0]} ${sign}= ?`, place[0]), sql(`(${columns}) ${sign} (${marks})`, ...place)];
}

/** Values of a filter that takes several, separated by commas. */
export const several = (text: string): string[] => [...new Set(text.split(','))];
