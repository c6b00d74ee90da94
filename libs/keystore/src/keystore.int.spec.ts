import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@concordat/sqlite';
import { type Keystore, localRootKey, memoryKeystore, openKeystore, openValue, sealValue } from './index';

const root = localRootKey(new Uint8Array(32).fill(1));

interface Bench {
  readonly keystore: Keystore;
  /** The same keys opened anew, as after a restart. */
  reopen(): Promise<Keystore>;
  cleanUp(): Promise<void>;
}

function sqliteBench(): Bench & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'concordat-keystore-'));
  const open = () =>
    openKeystore({
      file: join(folder, 'keys.db'),
      root,
      now: () => '2026-01-01T00:00:00Z',
      onFailure: (e) => {
        throw e;
      },
    });
  let current = open();
  return {
    folder,
    keystore: current,
    reopen: async () => {
      await current.close();
      return (current = open());
    },
    cleanUp: async () => {
      await current.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function memoryBench(): Bench {
  const keystore = memoryKeystore(root);
  return { keystore, reopen: async () => keystore, cleanUp: () => keystore.close() };
}

describe.each([
  ['in SQLite', sqliteBench],
  ['in memory', memoryBench],
])('a keystore %s', (_, start) => {
  let bench: Bench;
  beforeEach(() => (bench = start()));
  afterEach(() => bench.cleanUp());

  it('makes one key per tenant and path, also for callers at the same time', async () => {
    const keys = await Promise.all(
      Array.from({ length: 20 }, () => bench.keystore.obtain('t1', ['persona/a', 'memory/x'])),
    );
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    const others = await Promise.all([
      bench.keystore.obtain('t2', ['persona/a', 'memory/x']),
      bench.keystore.obtain('t1', ['persona/a']),
      bench.keystore.obtain('t1', ['persona/a', 'memory/y']),
    ]);
    expect(new Set([keys[0]!.kid, ...others.map(({ kid }) => kid)]).size).toBe(4);
  });

  it('finds the same key after it was opened anew', async () => {
    const before = await bench.keystore.obtain('t1', ['persona/a', 'memory/x']);
    const reopened = await bench.reopen();
    expect(await reopened.find('t1', before.kid)).toMatchObject({ kid: before.kid, key: before.key });
    expect(await reopened.obtain('t1', ['persona/a', 'memory/x'])).toMatchObject({ key: before.key });
  });

  it('answers for a key of another tenant as if there were none', async () => {
    const { kid } = await bench.keystore.obtain('t1', ['agent/a']);
    expect(await bench.keystore.find('t2', kid)).toBeUndefined();
    expect(await bench.keystore.find('t2', 'absent')).toBeUndefined();
  });

  it('destroys a key with all below it, and nothing beside it', async () => {
    const below = await bench.keystore.obtain('t1', ['persona/a', 'memory/x']);
    const beside = await bench.keystore.obtain('t1', ['persona/b', 'memory/x']);
    const foreign = await bench.keystore.obtain('t2', ['persona/a', 'memory/x']);
    expect(await bench.keystore.destroy('t1', ['persona/a'])).toBe(2);
    expect(await bench.keystore.find('t1', below.kid)).toBeUndefined();
    expect(await bench.keystore.find('t1', beside.kid)).toBeDefined();
    expect(await bench.keystore.find('t2', foreign.kid)).toBeDefined();
    expect(await bench.keystore.destroy('t1', ['persona/a'])).toBe(0);
  });

  it('makes another key at a path whose key was destroyed', async () => {
    const before = await bench.keystore.obtain('t1', ['agent/a']);
    await bench.keystore.destroy('t1', ['agent/a']);
    const after = await bench.keystore.obtain('t1', ['agent/a']);
    expect(after.kid).not.toBe(before.kid);
    expect(after.key).not.toEqual(before.key);
  });

  it('opens a sealed value in its context only, and forgets it with its key', async () => {
    const key = await bench.keystore.obtain('t1', ['agent/a']);
    const sealed = sealValue(key, Buffer.from('name'), ['t1', 'agent/a', 'name']);
    expect(await openValue(bench.keystore, 't1', sealed, ['t1', 'agent/a', 'name'])).toEqual(
      new Uint8Array(Buffer.from('name')),
    );
    await expect(openValue(bench.keystore, 't1', sealed, ['t1', 'agent/a', 'type'])).rejects.toThrow(
      'authentication failed',
    );
    await bench.keystore.destroy('t1', ['agent/a']);
    expect(await openValue(bench.keystore, 't1', sealed, ['t1', 'agent/a', 'name'])).toBeUndefined();
  });
});

describe('the files of a keystore', () => {
  it('hold neither an unwrapped key nor, after destruction, the wrapped one', async () => {
    const bench = sqliteBench();
    const { kid, key } = await bench.keystore.obtain('t1', ['agent/secret-path']);
    const bytes = () =>
      Buffer.concat(readdirSync(bench.folder).map((name) => readFileSync(join(bench.folder, name))));
    expect(bytes().includes(Buffer.from(kid))).toBe(true); // the search would find it
    expect(bytes().includes(Buffer.from(key))).toBe(false);
    await bench.keystore.destroy('t1', ['agent/secret-path']);
    expect(bytes().includes(Buffer.from(kid))).toBe(false);
    expect(bytes().includes(Buffer.from('secret-path'))).toBe(false);
    await bench.cleanUp();
  });

  it('are cleaned by a repetition when a reader was in the way of the first destruction', async () => {
    const bench = sqliteBench();
    const { kid } = await bench.keystore.obtain('t1', ['agent/a']);
    const reader = openDatabase(join(bench.folder, 'keys.db'), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM keys').get();
    await expect(bench.keystore.destroy('t1', ['agent/a'])).rejects.toThrow('checkpoint');
    expect(await bench.keystore.find('t1', kid)).toBeUndefined();
    reader.close();
    expect(await bench.keystore.destroy('t1', ['agent/a'])).toBe(0);
    const bytes = readdirSync(bench.folder).map((name) => readFileSync(join(bench.folder, name)));
    expect(Buffer.concat(bytes).includes(Buffer.from(kid))).toBe(false);
    await bench.cleanUp();
  });

  it('open under their own root key only', async () => {
    const bench = sqliteBench();
    const { kid } = await bench.keystore.obtain('t1', ['agent/a']);
    const stranger = openKeystore({
      file: join(bench.folder, 'keys.db'),
      root: localRootKey(new Uint8Array(32).fill(2)),
      now: () => '',
      onFailure: () => {},
    });
    await expect(stranger.find('t1', kid)).rejects.toThrow('authentication failed');
    await stranger.close();
    await bench.cleanUp();
  });
});
