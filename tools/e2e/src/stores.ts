import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '@concordat/testing';
import Database from 'better-sqlite3';
import Redis from 'ioredis';
import { Client } from 'pg';
import type { Haystack } from './canary-search';
import type { System } from './system';

/** Files in which a secret may stand, because keeping it is what they are for. */
const keepers = /(^|\/)(admin\.key|.*\.key|url|password|users\.acl|redis\.conf)$/;

/** Every file below the data folder: append-only files, SQLite with its log, PostgreSQL's pages, our logs. */
export const files = ({ folder }: System): Haystack[] =>
  filesBelow(folder, (file) => !keepers.test(file)).filter(({ bytes }) => bytes.byteLength > 0);

/** Everything in a Redis: each key read as what it is, and its DUMP without compression. */
export async function redisContent(system: System, name: 'redis' | 'redis-rpc'): Promise<Haystack[]> {
  const redis = new Redis(readFileSync(join(system.folder, name, 'url'), 'utf8').trim());
  try {
    await redis.config('SET', 'rdbcompression', 'no');
    const keys = await redis.keys('*');
    return await Promise.all(
      keys.map(async (key) => {
        const dump = (await redis.dumpBuffer(key)) ?? Buffer.alloc(0);
        return {
          name: `${name} ${key}`,
          bytes: Buffer.concat([Buffer.from(`${key}\n`), await valueOf(redis, key), dump]),
        };
      }),
    );
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<Buffer> {
  const read: Record<string, () => Promise<unknown>> = {
    string: () => redis.get(key),
    hash: () => redis.hgetall(key),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, 0, -1),
    stream: () => redis.xrange(key, '-', '+'),
  };
  return Buffer.from(JSON.stringify(await read[await redis.type(key)]?.()));
}

/** Every row of every table of every SQLite file, blobs as they are. */
export function sqliteContent({ folder }: System): Haystack[] {
  return ['iam/iam.db', 'iam/keys.db', 'vault/vault.db', 'vault/keys.db', 'audit/keys.db'].map((file) => {
    const db = new Database(join(folder, file), { readonly: true });
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all() as string[];
    const rows = tables.flatMap((table) => db.prepare(`SELECT * FROM "${table}"`).raw().all() as unknown[][]);
    db.close();
    const cells = rows
      .flat()
      .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(`${String(cell)}\n`)));
    return { name: `dump of ${file}`, bytes: Buffer.concat(cells) };
  });
}

/** Every row of every table of PostgreSQL, as text and with binary columns as they are. */
export async function postgresContent({ folder }: System): Promise<Haystack[]> {
  const client = new Client({
    connectionString: readFileSync(join(folder, 'postgres', 'url'), 'utf8').trim(),
  });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    const dumps: Haystack[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(
        `SELECT t.*, t::text AS whole_row FROM ${name} t`,
      );
      const cells = rows
        .flatMap(Object.values)
        .map((cell) =>
          cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(JSON.stringify(cell) ?? ''),
        );
      dumps.push({ name: `dump of ${name}`, bytes: Buffer.concat(cells) });
    }
    return dumps;
  } finally {
    await client.end();
  }
}
