import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from './open';
import { ReadPool } from './read-pool';
import { SqlJobError } from './statement';

/** Works for hours, but comes to a row again and again. */
const endless = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT i FROM n WHERE i % 100000 = 0`;
const hour = { timeoutMs: 3_600_000 };

describe('the read pool', () => {
  let folder: string;
  let file: string;
  let pool: ReadPool;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-read-pool-'));
    file = join(folder, 'test.db');
    const db = openDatabase(file);
    db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT) STRICT');
    for (let id = 1; id <= 3; id++) db.prepare('INSERT INTO items VALUES (?, ?)').run(id, `n${id}`);
    db.close();
    pool = new ReadPool({ file, threads: 2, waiting: 4 });
  });
  afterEach(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  it('answers with rows, for parameters by position and by name', async () => {
    expect(await pool.all('SELECT name FROM items WHERE id > ?', [1])).toEqual([
      { name: 'n2' },
      { name: 'n3' },
    ]);
    expect(await pool.all('SELECT id FROM items WHERE name = $name', { name: 'n2' })).toEqual([{ id: 2 }]);
  });

  it('lets the queries of one call see the same moment', async () => {
    const count = { sql: 'SELECT count(*) AS n FROM items', params: [] };
    const results = await pool.read([count, count]);
    expect(results).toEqual([[{ n: 3 }], [{ n: 3 }]]);
  });

  it('cannot write, and says which query was wrong', async () => {
    await expect(pool.all('DELETE FROM items RETURNING id', [])).rejects.toMatchObject({
      code: 'SQLITE_READONLY',
    });
    await expect(pool.all('SELECT nothing FROM items', [])).rejects.toBeInstanceOf(SqlJobError);
    expect(await pool.all('SELECT count(*) AS n FROM items', [])).toEqual([{ n: 3 }]);
  });

  it('refuses a result without end instead of filling the memory', async () => {
    const numbers = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
    await expect(pool.all(numbers, [])).rejects.toThrow('must be read in pages');
  });

  it('refuses a query beyond its queue, without harm to those that wait', async () => {
    const stop = new AbortController();
    const busy = [0, 1].map(() =>
      pool.all(endless, [], { ...hour, signal: stop.signal }).catch(() => 'stopped'),
    );
    const waiting = Array.from({ length: 4 }, () => pool.all('SELECT 1 AS one', [], hour));
    await expect(pool.all('SELECT 1 AS one', [], hour)).rejects.toMatchObject({ code: 'OVERLOADED' });
    stop.abort();
    expect(await Promise.all(busy)).toEqual(['stopped', 'stopped']);
    expect(await Promise.all(waiting)).toEqual(Array(4).fill([{ one: 1 }]));
  });

  it('gives up on a query that takes too long, and serves the next ones', async () => {
    const late = [0, 1].map(() => pool.all(endless, [], { timeoutMs: 20 }));
    for (const read of late) await expect(read).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await pool.all('SELECT 1 AS one', [], hour)).toEqual([{ one: 1 }]);
  });

  it('drops a query whose caller has gone, also one that still waits', async () => {
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await expect(pool.all('SELECT 1', [], { signal: gone.signal })).rejects.toThrow('gone');
    const going = new AbortController();
    const reads = [0, 1, 2].map(() => pool.all(endless, [], { ...hour, signal: going.signal }));
    going.abort(new Error('went'));
    for (const read of reads) await expect(read).rejects.toThrow('went');
  });

  it('closes with queries under way, and refuses further ones', async () => {
    const reads = [0, 1, 2].map(() => pool.all(endless, [], hour));
    const outcomes = Promise.allSettled(reads);
    await pool.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(pool.all('SELECT 1', [])).rejects.toThrow('is closed');
  });
});
