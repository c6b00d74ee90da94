import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentRevoked, AgentUpdated, type EventEnvelope, comparePositions } from '@concordat/contracts';
import { openDatabase } from '@concordat/sqlite';
import { type Head } from '../event-store';
import { backupStore, manifestFile } from './backup';
import { rebuildProjections } from './rebuild-projections';
import {
  type PublishedEvents,
  type Restored,
  type RestoreOptions,
  restoreStore,
  StreamGapError,
} from './restore';
import { didOf, migrations, now, projection, StoreFixture } from './store.fixture';

/** A stream that was trimmed before its first entry here. */
const publishedAs = (entries: readonly EventEnvelope[]): PublishedEvents => ({
  async *after({ at }: Head) {
    const later = entries.filter((entry) => comparePositions(entry.at, at) > 0);
    if (later[0] && comparePositions(later[0].prev, at) !== 0) throw new StreamGapError('there is a gap');
    yield later;
  },
  async *all() {
    yield entries;
  },
});

describe('a backup', () => {
  let fixture: StoreFixture;
  let directory: string;
  const names = (): unknown[] => fixture.rows();
  const backUp = () => backupStore({ file: fixture.file, source: 'iam', directory, now });
  const restore = (over: Partial<RestoreOptions>): Promise<Restored> =>
    restoreStore({
      ...{ file: fixture.file, source: 'iam', migrations, projection, now },
      ...{
        keystore: fixture.keystore,
        published: publishedAs([]),
        acceptLoss: false,
        takesAway: [AgentRevoked],
      },
      backup: undefined,
      ...over,
    });
  const everyByte = (folder: string): string =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name)).toString('latin1'))
      .join('');

  beforeEach(async () => {
    fixture = new StoreFixture();
    directory = join(fixture.folder, 'backups');
    for (const name of ['Canary-a', 'Canary-b']) await fixture.register(name);
  });
  afterEach(() => fixture.cleanUp());

  it('is made of a store in use, is private, and holds no personal field in clear', async () => {
    const { file, manifest } = await backUp();
    expect(manifest).toMatchObject({ source: 'iam', events: 2, head: '1767225600000-2' });
    expect(everyByte(directory)).toContain('concordat.iam.agent.registered');
    const store = readFileSync(`${fixture.file}-wal`).toString('latin1');
    expect([store, everyByte(directory)].map((bytes) => bytes.includes('Canary-a'))).toEqual([true, false]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(
      [file, manifestFile(file)].map((path) => path.split('/').at(-1)),
    );
  });

  it('is not made of a damaged store', async () => {
    await fixture.store.close();
    const db = openDatabase(fixture.file);
    db.exec("UPDATE events SET actor = 'x' WHERE position = 1");
    db.close();
    await expect(backUp()).rejects.toThrow('does not hash to what it says. No backup was made.');
    expect(readdirSync(directory)).toEqual([]);
    const repair = openDatabase(fixture.file);
    repair.exec("UPDATE events SET actor = 'apiKey:0' WHERE position = 1");
    repair.close();
    fixture.open();
  });

  it('is restored with what was published after it: a revocation is not lost, and the epoch is a new one', async () => {
    const { file: backup } = await backUp();
    await fixture.revoke('Canary-a');
    await fixture.register('Canary-c');
    const published = publishedAs(await fixture.published());
    const rows = names();
    const { epoch } = fixture.store;
    await fixture.store.close();
    const restored = await restore({ backup, published });
    expect(restored).toMatchObject({ fromFile: 2, fromStream: 2, head: '1767225600000-4', doneAnew: 0 });
    fixture.open();
    expect(names()).toEqual(rows);
    expect(fixture.store.epoch).toBeGreaterThan(epoch);
    await fixture.register('Canary-d');
    expect(await fixture.store.findCommand('t', didOf('Canary-b'))).toBeDefined();
    expect(existsSync(restored.keptAs!)).toBe(true);
  });

  it('is restored without names whose key was destroyed since', async () => {
    const { file: backup } = await backUp();
    await fixture.keystore.destroy('t', [`agent/${didOf('Canary-a')}`]);
    await fixture.store.close();
    await restore({ backup });
    fixture.open();
    expect(names()).toMatchObject([{ name: null }, { name: 'Canary-b' }]);
  });

  it('is refused when events between it and the stream are lost, unless that is accepted: then revocations are done anew', async () => {
    const { file: backup } = await backUp();
    await fixture.register('Canary-c');
    await fixture.revoke('Canary-a');
    const published = publishedAs((await fixture.published()).slice(3));
    await fixture.store.close();
    await expect(restore({ backup, published })).rejects.toThrow('there is a gap');
    fixture.open();
    expect(names()).toHaveLength(3);
    await fixture.store.close();
    const restored = await restore({ backup, published, acceptLoss: true });
    const lost = { after: '1767225600000-2', upTo: '1767225600000-3' };
    expect(restored).toMatchObject({ fromFile: 2, doneAnew: 1, lost });
    fixture.open();
    expect(names()).toMatchObject([{ status: 'revoked' }, { status: 'active' }]);
    expect((await fixture.store.head()).at.epoch).toBe(restored.epoch);
  });

  it('is restored with what was changed in the lost time and is sealed; without a key it stays closed', async () => {
    const { file: backup } = await backUp();
    await fixture.register('Canary-c');
    for (const [name, next] of [
      ['Canary-a', 'Canary-A'],
      ['Canary-b', 'Canary-B'],
    ] as const)
      await fixture.rename(name, next);
    const published = publishedAs((await fixture.published()).slice(3));
    await fixture.keystore.destroy('t', [`agent/${didOf('Canary-b')}`]);
    await fixture.store.close();
    await restore({ backup, published, acceptLoss: true, takesAway: [AgentUpdated] });
    fixture.open();
    expect(names()).toMatchObject([{ name: 'Canary-A' }, { name: null }]);
    expect(await fixture.keystore.destroy('t', [`agent/${didOf('Canary-b')}`])).toBe(0);
  });

  it('is restored with what no event stands behind, from the file that it takes the place of', async () => {
    const { file: backup } = await backUp();
    const sql = 'UPDATE names SET seen = ? WHERE did = ?';
    await fixture.store.write([{ sql, params: ['2026-01-01', didOf('Canary-a')] }]);
    await fixture.store.close();
    const kept = { names: ['seen'] };
    await restore({ backup, kept });
    fixture.open();
    expect(names()).toMatchObject([{ seen: '2026-01-01' }, { seen: null }]);
    await fixture.store.close();
    writeFileSync(fixture.file, 'no database');
    await restore({ backup, kept, now: new Date(now.getTime() + 1) });
    fixture.open();
    expect(names()).toMatchObject([{ seen: null }, { seen: null }]);
  });

  it('is refused while the store is in use, and the store is unharmed', async () => {
    const { file: backup } = await backUp();
    await expect(restore({ backup })).rejects.toThrow('is in use: stop the service first');
    await fixture.register('Canary-c');
    expect(names()).toHaveLength(3);
  });

  it('is refused when it was changed, is another one, or has no manifest', async () => {
    const { file: backup, manifest } = await backUp();
    await fixture.store.close();
    const whole = readFileSync(backup);
    writeFileSync(backup, Buffer.concat([whole.subarray(0, -1), Buffer.from([7])]));
    await expect(restore({ backup })).rejects.toThrow('not what its manifest describes');
    writeFileSync(backup, whole);
    writeFileSync(manifestFile(backup), JSON.stringify({ ...manifest, source: 'vault' }));
    await expect(restore({ backup })).rejects.toThrow('is a backup of vault, not of iam');
    writeFileSync(manifestFile(backup), '{}');
    await expect(restore({ backup })).rejects.toThrow('is not the manifest of a backup');
    await expect(restore({ backup: join(directory, 'none') })).rejects.toThrow('cannot be read');
    fixture.open();
  });

  it('is refused when its events were changed and its manifest with them', async () => {
    const { file: backup, manifest } = await backUp();
    await fixture.store.close();
    const db = openDatabase(backup);
    db.exec("UPDATE events SET tenant = 'other' WHERE position = 1");
    db.pragma('journal_mode = DELETE');
    db.close();
    const bytes = readFileSync(backup);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(manifestFile(backup), JSON.stringify({ ...manifest, sha256, bytes: bytes.length }));
    await expect(restore({ backup })).rejects.toThrow('does not hash to what it says');
    fixture.open();
  });

  describe('without one, a store', () => {
    it('that was rolled back is completed from the stream', async () => {
      await fixture.store.close();
      copyFileSync(fixture.file, join(fixture.folder, 'old.db'));
      fixture.open();
      await fixture.register('Canary-c');
      await fixture.revoke('Canary-b');
      const published = publishedAs(await fixture.published());
      const rows = names();
      await fixture.store.close();
      copyFileSync(join(fixture.folder, 'old.db'), fixture.file);
      expect(() => fixture.open()).toThrow('was rolled back');
      expect(await restore({ published })).toMatchObject({ fromFile: 2, fromStream: 2 });
      fixture.open();
      expect(names()).toEqual(rows);
    });

    it('that cannot be read at all is made anew from a stream that has everything', async () => {
      const published = publishedAs(await fixture.published());
      const rows = names();
      await fixture.store.close();
      writeFileSync(fixture.file, Buffer.alloc(8_192, 7));
      expect(() => fixture.open()).toThrow('is damaged');
      expect(await restore({ published })).toMatchObject({ fromFile: 0, fromStream: 2 });
      fixture.open();
      expect(names()).toEqual(rows);
    });

    it('that is damaged in the middle keeps what is whole, and takes the rest from the stream', async () => {
      for (const name of ['c', 'd']) await fixture.register(name);
      const published = publishedAs(await fixture.published());
      await fixture.store.close();
      const db = openDatabase(fixture.file);
      db.exec("UPDATE events SET actor = 'x' WHERE position = 3");
      db.close();
      expect(await restore({ published })).toMatchObject({ fromFile: 2, fromStream: 2 });
      fixture.open();
      expect(names()).toHaveLength(4);
    });
  });
});

describe('tables of projections', () => {
  it('are the same after they were rebuilt, also when they were lost or wrong before', async () => {
    const fixture = new StoreFixture();
    for (const name of ['a', 'b', 'c']) await fixture.register(name);
    await fixture.revoke('b');
    const rows = fixture.rows();
    const head = await fixture.store.head();
    for (const damage of [
      'SELECT 1',
      'DELETE FROM names',
      "UPDATE names SET name = 'x', status = 'active'",
    ]) {
      await fixture.store.close();
      const db = openDatabase(fixture.file, { secureDelete: true, exclusive: true });
      db.exec(damage);
      const rebuilt = await rebuildProjections(db, { source: 'iam', projection, keystore: fixture.keystore });
      db.close();
      expect(rebuilt).toEqual({ events: 4, tables: ['names'] });
      fixture.open();
      expect(fixture.rows()).toEqual(rows);
      expect(await fixture.store.head()).toEqual(head);
    }
    await fixture.cleanUp();
  });

  it('stay as they were when an event is not known, or a projection fails', async () => {
    const fixture = new StoreFixture();
    await fixture.register('a');
    const rows = fixture.rows();
    await fixture.store.close();
    const db = openDatabase(fixture.file, { exclusive: true });
    const failing = {
      source: 'iam',
      keystore: fixture.keystore,
      projection: () => [{ sql: 'nonsense', params: [] }],
    };
    await expect(rebuildProjections(db, failing)).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
    db.close();
    fixture.open();
    expect(fixture.rows()).toEqual(rows);
    await fixture.cleanUp();
  });
});
