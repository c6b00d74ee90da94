import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { BenchPlan } from '../plan';
import type { System } from '../system';

const batch = 1_000;
const copies = { audit_events: 'bench_events', message_audit_log: 'bench_messages' };
type Table = keyof typeof copies;

interface ColumnRow {
  readonly name: string;
  readonly type: string;
}

/** Rows of a table as arrays, one per column. */
interface Rows {
  readonly sql: string;
  readonly names: readonly string[];
  readonly columns: readonly (readonly (string | null)[])[];
}

/**
 * What PostgreSQL takes at most: rows of the log, read back, go into empty tables with the same columns and indexes, as many
 * message rows as belong to the events. One connection, one transaction per 1,000 events.
 * @returns events per second
 */
export async function rawInsertPerS({ folder }: System, plan: BenchPlan): Promise<number> {
  plan.tell('raw inserts');
  const connectionString = readFileSync(join(folder, 'postgres', 'url'), 'utf8').trim();
  const client = new Client({ connectionString });
  await client.connect();
  client.on('error', () => undefined);
  try {
    const events = await rowsOf(client, 'audit_events', batch);
    const messages = await rowsOf(client, 'message_audit_log', Math.round((batch * 10) / 12));
    const end = performance.now() + plan.seconds * 1_000;
    const begun = performance.now();
    let inserted = 0;
    while (performance.now() < end) {
      await client.query('BEGIN');
      await client.query(events.sql, shifted(events, inserted));
      await client.query(messages.sql, shifted(messages, inserted));
      await client.query('COMMIT');
      inserted += batch;
    }
    return (inserted * 1_000) / (performance.now() - begun);
  } finally {
    await client.query('ROLLBACK');
    for (const copy of Object.values(copies)) await client.query(`DROP TABLE IF EXISTS ${copy}`);
    await client.end();
  }
}

async function rowsOf(client: Client, table: Table, count: number): Promise<Rows> {
  const copy = copies[table];
  await client.query(`DROP TABLE IF EXISTS ${copy}`);
  await client.query(`CREATE TABLE ${copy} (LIKE ${table} INCLUDING ALL)`);
  const { rows: columns } = await client.query<ColumnRow>(
    `SELECT column_name AS name, udt_name AS type FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  const names = columns.map(({ name }) => name);
  const { rows } = await client.query<Record<string, string | null>>(
    `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM ${table} LIMIT ${count}`,
  );
  const arrays = columns.map(({ type }, i) => `$${i + 1}::text[]::${type}[]`);
  return {
    sql: `INSERT INTO ${copy} (${names.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`,
    names,
    columns: names.map((name) => rows.map((row) => row[name]!)),
  };
}

/** The same rows under other keys, as the next ones would be. */
const shifted = ({ names, columns }: Rows, by: number): (string | null)[][] =>
  columns.map((values, column) => {
    const name = names[column]!;
    if (name === 'log_index') return values.map((_, i) => String(by + i));
    return keys.has(name) ? values.map((value, i) => `${value}-${by + i}`) : [...values];
  });

const keys = new Set(['event_id', 'message_id']);
