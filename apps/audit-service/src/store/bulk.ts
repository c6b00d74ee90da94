import type { EntityManager } from '@mikro-orm/postgresql';
import { runStatement, type Transaction } from './statement';

type SqlType = 'text' | 'int8' | 'int4' | 'int2' | 'bytea' | 'timestamptz' | 'jsonb';
type Value = string | number | Uint8Array | null;

export interface Column<Row> {
  readonly name: string;
  readonly type: SqlType;
  readonly of: (row: Row) => Value;
}

export interface Table<Row> {
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  /** `ON CONFLICT …`; the new row is `excluded`, the old one `present`. */
  readonly onConflict?: string;
  /** A statement that goes with it, over the columns of what was `written`. */
  readonly following?: { readonly returning: string; readonly sql: string };
}

/**
 * Inserts any number of rows with one statement and one array per column, which is several times faster than a list of
 * rows. Bytes go as they are, all of a column in one value that is cut up again there: as elements of an array they would
 * be text twice as long. Must be called inside a transaction.
 */
export async function insertRows<Row>(
  em: EntityManager,
  { name, columns, onConflict = '', following }: Table<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = columns.map((column) => column.name).join(', ');
  const parts = columns.map((column, i) => partOf(column, `c${i}`, rows));
  const insertion = `INSERT INTO ${name} AS present (${names})
    SELECT ${parts.map(({ select }) => select).join(', ')}
    FROM unnest(${parts.map(({ array }) => array).join(', ')})
    AS given (${parts.map(({ alias }) => alias).join(', ')}) ${onConflict}`;
  const sql = following
    ? `WITH written AS (${insertion} RETURNING ${following.returning}) ${following.sql}`
    : insertion;
  const bytes = parts.flatMap(({ bytes }) => bytes ?? []);
  await runStatement(em, sql, [...bytes, ...parts.flatMap(({ literals }) => literals)]);
}

/** A column of an insertion: what is selected, and the arrays that it is selected from. */
interface Part {
  readonly select: string;
  readonly array: string;
  readonly alias: string;
  readonly literals: readonly string[];
  readonly bytes?: Buffer;
}

function partOf<Row>({ type, of }: Column<Row>, alias: string, rows: readonly Row[]): Part {
  const values = rows.map(of);
  if (type !== 'bytea')
    return { select: alias, alias, array: `?::${type}[]`, literals: [arrayLiteral(values)] };
  const chunks = values as (Uint8Array | null)[];
  let end = 1;
  const ends = chunks.map((chunk) => (end += chunk?.byteLength ?? 0));
  const lengths = chunks.map((chunk) => chunk?.byteLength ?? null);
  return {
    select: `substr(?::bytea, ${alias}_end - ${alias}_length, ${alias}_length)`,
    alias: `${alias}_end, ${alias}_length`,
    array: '?::int4[], ?::int4[]',
    literals: [arrayLiteral(ends), arrayLiteral(lengths)],
    bytes: Buffer.concat(chunks.filter((chunk) => chunk !== null)),
  };
}

/** The text form of an array (PostgreSQL manual, 8.15.6). */
const arrayLiteral = (values: readonly Value[]): string => `{${values.map(elementOf).join(',')}}`;

function elementOf(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  const text = value as string;
  return `"${special.test(text) ? escaped(text) : text}"`;
}

const special = /["\\\0]/;
/** PostgreSQL stores no NUL in text; one in a foreign string must not hold up the log. */
const escaped = (text: string): string =>
  text.replaceAll('\0', '\ufffd').replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** The rows of any statement. Must be called inside a transaction. @param values of its `?`; an array is an array there, too */
export const queryRows = <Row>(
  em: Transaction,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> => runStatement(em, sql, values);

/** The rows that belong to any of many values. Must be called inside a transaction. @param sql with a `?` per array */
export const rowsWhere = <Row>(
  em: Transaction,
  sql: string,
  ...arrays: readonly (readonly string[])[]
): Promise<readonly Row[]> =>
  queryRows(
    em,
    sql,
    arrays.map((array) => [...array]),
  );
