import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import { createLogger } from '@concordat/runtime';
import { keptBackups, keysFileOf } from '@concordat/service';
import { openIamKeystore, openIamStore, registerMany } from '../many-agents.fixture';
import { BackupJob } from './backup.job';

const hourMs = 3_600_000;
const script = join(__dirname, '..', '..', 'dist', 'maintenance.js');
const stampOf = (ms: number): string => new Date(ms).toISOString().replace(/[:.]/g, '');
const logger = createLogger({ service: 'iam', instance: 'iam-1', level: 'silent' });

describe('backups of a store in use', () => {
  let dataDir: string;
  let directory: string;
  let store: SqliteEventStore;
  let keystore: Keystore;
  const startMs = Date.now();
  let laterMs = 0;
  const job = (over: object = {}) =>
    new BackupJob({
      ...{ dataDir, directory, intervalMs: hourMs, keep: 2, keyDays: 1, script, logger },
      ...{ nowMs: () => startMs + laterMs, ...over },
    });
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'concordat-backup-'));
    directory = join(dataDir, 'backups');
    keystore = openIamKeystore(dataDir);
    store = openIamStore(dataDir);
    await registerMany(store, keystore, 3);
  });
  afterAll(async () => {
    await store.close();
    await keystore.close();
    rmSync(dataDir, { recursive: true });
  });

  it('are made when the newest is as old as was said, and so many are kept', async () => {
    expect(await job().runIfDue()).toBe(true);
    const [first] = keptBackups(directory, 'iam');
    expect(await job().runIfDue()).toBe(false);
    // No backup of this service, however much it looks like one.
    const others = ['iam-notes.db', 'vault-2026-01-01T000000000Z-1-1.db', 'iam-2026-01-01T000000000Z-1-1.db'];
    for (const name of others) writeFileSync(join(directory, name), '');
    for (let n = 1; n <= 2; n++) {
      laterMs += 2 * hourMs;
      expect(await job().runIfDue()).toBe(true);
    }
    const kept = keptBackups(directory, 'iam');
    expect(kept).toHaveLength(2);
    expect(kept.map(({ file }) => file)).not.toContain(first!.file);
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(others));
  });

  it('have keys, which end after as many days as were said, also while none is made', async () => {
    const names = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.keys'));
    expect(names()).toHaveLength(2);
    const [newest, other] = keptBackups(directory, 'iam');
    expect(job().endKeys()).toEqual([]);
    const dayAfter = () => other!.madeMs + 24 * hourMs;
    expect(job({ nowMs: dayAfter }).endKeys()).toEqual([keysFileOf(other!.file)]);
    expect(names()).toEqual([keysFileOf(newest!.file).split('/').at(-1)]);
    expect(job({ keyDays: 0 }).endKeys()).toHaveLength(1);
    expect(keptBackups(directory, 'iam')).toHaveLength(2);
  });

  it('leave no keys behind that were cut off: drafts end with the keys, with their backup and with the next one', async () => {
    const drafts = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.partial'));
    const draftOf = (file: string): string => {
      writeFileSync(`${file}.keys.partial`, '');
      return `${file}.keys.partial`;
    };
    const [newest, oldest] = keptBackups(directory, 'iam');
    const draft = draftOf(newest!.file);
    expect(job().endKeys()).toEqual([]);
    expect(job({ nowMs: () => newest!.madeMs + 24 * hourMs }).endKeys()).toContain(draft);
    expect(drafts()).toEqual([]);
    // Of one that is given up, and of one that never became a backup.
    draftOf(oldest!.file);
    draftOf(join(directory, 'iam-2026-01-01T000000000Z-1-1.db'));
    const [fresh] = [draftOf(join(directory, `iam-${stampOf(Date.now())}-1-1.db`))];
    laterMs += 2 * hourMs;
    expect(await job({ keyDays: 3_650 }).runIfDue()).toBe(true);
    // Somebody may be making this one.
    expect(drafts().map((name) => join(directory, name))).toEqual([fresh]);
    rmSync(fresh);
  });

  it('that cannot be made leave those that there are', async () => {
    laterMs += 2 * hourMs;
    const before = keptBackups(directory, 'iam');
    expect(await job({ dataDir: join(dataDir, 'nowhere') }).runIfDue()).toBe(false);
    expect(keptBackups(directory, 'iam')).toEqual(before);
  });

  it('are called off when the service ends', async () => {
    const ending = job();
    const attempt = ending.runIfDue();
    await ending.beforeApplicationShutdown();
    expect(await attempt).toBe(false);
    expect(readdirSync(directory).filter((name) => name.endsWith('.json'))).toHaveLength(2);
  });
});
