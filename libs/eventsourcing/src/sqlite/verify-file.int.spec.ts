import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isConcordatError } from '@concordat/contracts';
import { openDatabase } from '@concordat/sqlite';
import { anchorFile } from './head-anchor';
import { beginEpoch } from './prepare-file';
import { StoreFixture } from './store.fixture';
import { verifyAtOpen, verifyStore } from './verify-file';

const refusal = (open: () => unknown): string => {
  try {
    open();
  } catch (error) {
    if (isConcordatError(error, 'STORE_REGRESSED')) return error.detail;
    throw error;
  }
  return 'accepted';
};

describe('a store that is opened', () => {
  let fixture: StoreFixture;
  let file: string;
  const copies = (name: string): string => join(fixture.folder, name);
  const change = (sql: string, ...params: unknown[]): void => {
    const db = openDatabase(file);
    db.prepare(sql).run(...params);
    db.close();
  };
  beforeEach(async () => {
    fixture = new StoreFixture();
    file = fixture.file;
    for (const name of ['a', 'b', 'c']) await fixture.register(name);
  });
  afterEach(() => fixture.cleanUp());

  it('is accepted when it was closed in order, and when its process was killed', async () => {
    cpSync(file, copies('killed.db'));
    cpSync(`${file}-wal`, copies('killed.db-wal'));
    await fixture.store.close();
    copyFileSync(anchorFile(file), anchorFile(copies('killed.db')));
    expect(refusal(() => verifyAtOpen(copies('killed.db'), 'iam'))).toBe('accepted');
    expect(refusal(() => fixture.open())).toBe('accepted');
    expect(verifyStore(file, 'iam')).toEqual({
      events: 3,
      head: '1767225600000-3',
      problems: [],
    });
  });

  it('is refused when an older copy was put back; the refusal names file, loss and commands', async () => {
    await fixture.store.close();
    copyFileSync(file, copies('old.db'));
    fixture.open();
    await fixture.register('d');
    await fixture.register('e');
    await fixture.store.close();
    copyFileSync(copies('old.db'), file);
    const said = refusal(() => fixture.open());
    expect(said).toContain(
      `${file} was rolled back: it ends at 1767225600000-3, and it held 1767225600000-5`,
    );
    expect(said).toContain('the events from 4 to 5 are missing (epoch 1767225600000)');
    expect(said).toContain('./concordat iam recover --from-stream');
    expect(said).toContain('./concordat iam restore --from <file>');
  });

  it('is refused when its log was removed, or cut off', async () => {
    const log = readFileSync(`${file}-wal`);
    const [db, wal] = [copies('torn.db'), copies('torn.db-wal')];
    copyFileSync(file, db);
    await fixture.store.close();
    copyFileSync(anchorFile(file), anchorFile(db));
    for (const length of [0, log.length >> 1, log.length - 1]) {
      writeFileSync(wal, log.subarray(0, length));
      expect(refusal(() => verifyAtOpen(db, 'iam'))).not.toBe('accepted');
    }
  });

  it('is refused when the file is cut off, emptied or gone', async () => {
    await fixture.store.close();
    const whole = readFileSync(file);
    for (const length of [100, 4_096, whole.length - 4_096, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      expect(refusal(() => fixture.open())).toContain(`${file} is damaged`);
    }
    truncateSync(file);
    expect(refusal(() => fixture.open())).toContain('missing or empty');
    rmSync(file);
    expect(refusal(() => fixture.open())).toContain('held the events up to 1767225600000-3');
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, whole);
    fixture.open();
  });

  it.each([
    ['an event was changed', "UPDATE events SET actor = 'apiKey:1' WHERE position = 2", 'does not hash to'],
    ['an event was removed', 'DELETE FROM events WHERE position = 2', 'after 1767225600000-1 comes'],
    [
      'the last event was removed',
      'DELETE FROM events WHERE position = 3',
      'its events end at 1767225600000-2',
    ],
    ['the head was set back', 'UPDATE store SET position = 2', 'its head is 1767225600000-2'],
    ['the head was removed', 'DELETE FROM store', 'it names no head'],
  ])('is refused when %s', async (_, sql, reason) => {
    await fixture.store.close();
    change(sql);
    expect(refusal(() => fixture.open())).toContain(reason);
    expect(verifyStore(file, 'iam').problems.join()).toContain(reason);
  });

  it('is accepted behind its anchor when an operator has begun a new epoch', async () => {
    await fixture.store.close();
    copyFileSync(file, copies('old.db'));
    fixture.open();
    await fixture.register('d');
    await fixture.store.close();
    copyFileSync(copies('old.db'), file);
    beginEpoch(file, 0);
    expect(refusal(() => fixture.open())).toBe('accepted');
  });

  it('keeps the anchor at its head when it is closed', async () => {
    await fixture.store.close();
    expect(JSON.parse(readFileSync(anchorFile(file), 'utf8'))).toMatchObject({ at: '1767225600000-3' });
    fixture.open();
  });
});
