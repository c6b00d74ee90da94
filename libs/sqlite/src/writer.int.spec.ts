import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from './migrate';
import { openDatabase } from './open';
import { SqlJobError } from './statement';
import { SqliteWriter } from './writer';

describe('the SQLite writer', () => {
  let folder: string;
  let file: string;
  let writer: SqliteWriter;
  const failures: Error[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-sqlite-'));
    file = join(folder, 'test.db');
    const db = openDatabase(file);
    migrate(
      db,
      'test',
      [{ id: 1, name: 'items', sql: 'CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT' }],
      'now',
    );
    db.close();
    failures.length = 0;
    writer = new SqliteWriter({ file, onFailure: (error) => failures.push(error) });
  });

  afterEach(async () => {
    await writer.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (id: number, name: string) => ({
    sql: 'INSERT INTO items VALUES (?, ?)',
    params: [id, name],
  });

  it('makes concurrent jobs durable together and answers each', async () => {
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => writer.run([insert(i, `n${i}`)])));
    const reader = openDatabase(file, { readonly: true });
    expect(reader.prepare('SELECT count(*) AS n FROM items').get()).toEqual({ n: 2_500 });
    reader.close();
  });

  it('empties its log while others never stop writing', async () => {
    let next = 0;
    let isWriting = true;
    const writers = Array.from({ length: 4 }, async () => {
      while (isWriting) await writer.run([insert(++next, `n${next}`)]);
    });
    await writer.checkpoint();
    isWriting = false;
    await Promise.all(writers);
    expect(next).toBeGreaterThan(0);
  });

  it('undoes a refused job alone, the statements before the refused one included', async () => {
    const outcomes = await Promise.allSettled([
      writer.run([insert(1, 'a')]),
      writer.run([insert(2, 'b'), insert(3, 'a')]),
      writer.run([insert(4, 'd')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const refusal = (outcomes[1] as PromiseRejectedResult).reason as SqlJobError;
    expect(refusal).toBeInstanceOf(SqlJobError);
    expect(refusal.uniqueColumns).toBe('items.name');
    const [result] = await writer.run([
      { sql: 'SELECT id FROM items ORDER BY id', params: [], returnsRows: true },
    ]);
    expect(result!.rows).toEqual([{ id: 1 }, { id: 4 }]);
  });

  it('refuses everything after it was closed', async () => {
    await writer.close();
    await expect(writer.run([insert(1, 'a')])).rejects.toThrow('is closed');
    expect(failures).toEqual([]);
  });

  it('reopens at synchronous=FULL, which WAL does not keep, and keeps the file private', () => {
    const db = openDatabase(file);
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    db.close();
  });

  it('holds the file so that another process does not take itself for the last one', async () => {
    await writer.run([insert(1, 'a')]);
    // Another connection of this process comes and goes.
    openDatabase(file).close();
    const script = `
      const db = require('better-sqlite3')(process.argv[1], { timeout: 0 });
      db.pragma('locking_mode = EXCLUSIVE');
      try { db.prepare('SELECT count(*) FROM items').get(); } catch (error) { console.log(error.code); }`;
    const { stdout } = spawnSync(process.execPath, ['-e', script, file], {
      cwd: __dirname,
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe('SQLITE_BUSY');
  });

  it('empties the write-ahead log on a checkpoint', async () => {
    await writer.run([insert(1, 'a')]);
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    await writer.checkpoint();
    expect(statSync(`${file}-wal`).size).toBe(0);
  });
});

describe('migrations', () => {
  const first = { id: 1, name: 'one', sql: 'CREATE TABLE one (id INTEGER)' };
  const second = { id: 2, name: 'two', sql: 'CREATE TABLE two (id INTEGER)' };

  it('run once, in order', () => {
    const db = openDatabase(':memory:');
    migrate(db, 'test', [first], 'now');
    migrate(db, 'test', [first, second], 'now');
    migrate(db, 'test', [first, second], 'now');
    expect(db.prepare('SELECT id FROM schema_migrations').all()).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('refuse a database that is newer than the program', () => {
    const db = openDatabase(':memory:');
    migrate(db, 'test', [first, second], 'now');
    expect(() => migrate(db, 'test', [first], 'now')).toThrow('Use the newer version');
  });

  it('refuse a text that was edited after it ran', () => {
    const db = openDatabase(':memory:');
    migrate(db, 'test', [first], 'now');
    expect(() => migrate(db, 'test', [{ ...first, sql: `${first.sql} STRICT` }], 'now')).toThrow(
      'was edited',
    );
  });

  it('leave nothing behind when one fails', () => {
    const db = openDatabase(':memory:');
    expect(() => migrate(db, 'test', [first, { id: 2, name: 'bad', sql: 'CREATE' }], 'now')).toThrow();
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'one'").all()).toEqual([]);
  });
});
