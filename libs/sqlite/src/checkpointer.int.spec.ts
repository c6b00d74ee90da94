import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointLimits } from './checkpoint-policy';
import type { CheckpointReport } from './checkpointer';
import { openDatabase } from './open';
import { ReadPool } from './read-pool';
import { SqliteWriter } from './writer';

const MiB = 1_048_576;

describe('the checkpointer', () => {
  let folder: string;
  let file: string;
  let writer: SqliteWriter;
  let reports: CheckpointReport[];
  const walBytes = (): number => statSync(`${file}-wal`).size;
  const insert = { sql: 'INSERT INTO items (content) VALUES (randomblob(100000))', params: [] };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-checkpoint-'));
    file = join(folder, 'test.db');
    const db = openDatabase(file);
    db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, content BLOB)');
    db.close();
    reports = [];
    const onFailure = (error: Error): void => {
      throw error;
    };
    writer = new SqliteWriter({ file, onFailure, onCheckpoint: (report) => reports.push(report) });
  });
  afterEach(async () => {
    await writer.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps the log below 64 MiB under readers that never pause', async () => {
    const pool = new ReadPool({ file, threads: 2 });
    let isWriting = true;
    let reads = 0;
    const readers = Array.from({ length: 4 }, async () => {
      while (isWriting) {
        await pool.all('SELECT sum(length(content)) AS n FROM (SELECT content FROM items LIMIT 100)', []);
        reads += 1;
      }
    });
    let largest = 0;
    for (let batch = 0; batch < 200; batch++) {
      await Promise.all(Array.from({ length: 10 }, () => writer.run([insert])));
      largest = Math.max(largest, walBytes());
    }
    isWriting = false;
    await Promise.all(readers);
    await pool.close();
    const truncated = reports.filter(({ mode, outcome }) => mode === 'TRUNCATE' && outcome?.isBusy === false);
    process.stdout.write(
      `200 MB written, ${reads} reads: log at most ${(largest / MiB).toFixed(1)} MiB, ` +
        `${reports.length} checkpoints, of which ${truncated.length} emptied it\n`,
    );
    expect(largest).toBeLessThan(64 * MiB);
    expect(truncated.length).toBeGreaterThan(0);
  }, 60_000);

  it('leaves a log alone that a reader holds, and empties it when the reader has gone', async () => {
    const reader = openDatabase(file, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM items').get();
    const half = checkpointLimits.truncateBytes / 2;
    while (walBytes() < checkpointLimits.truncateBytes + half) await writer.run([insert]);
    expect(reports.some(({ mode, outcome }) => mode === 'TRUNCATE' && outcome?.isBusy === false)).toBe(false);
    reader.close();
    while (walBytes() > half) await writer.run([insert]);
    expect(openedRows(file)).toBeGreaterThan(0);
  }, 60_000);

  it('is not in the way of a purge, nor a purge in its', async () => {
    const writing = Array.from({ length: 200 }, () => writer.run([insert]));
    await Promise.all([...writing, writer.checkpoint(), writer.checkpoint()]);
    await writer.checkpoint();
    expect(walBytes()).toBe(0);
  });
});

function openedRows(file: string): number {
  const db = openDatabase(file, { readonly: true });
  try {
    return (db.prepare('SELECT count(*) AS n FROM items').get() as { n: number }).n;
  } finally {
    db.close();
  }
}
