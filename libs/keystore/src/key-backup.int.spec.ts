import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type KeyRecord,
  type Keystore,
  localRootKey,
  openKeys,
  openKeystore,
  openValue,
  readKeyRecords,
  sealKeys,
  sealValue,
  writeKeyRecords,
} from './index';

const root = localRootKey(new Uint8Array(32).fill(1));
const context = ['iam', '1-7'];

describe('the keys of a keystore in a backup', () => {
  let folder: string;
  let keystore: Keystore;
  const open = (name: string): Keystore =>
    openKeystore({
      ...{ file: join(folder, name), root, now: () => '2026-01-01T00:00:00Z' },
      onFailure: (error) => {
        throw error;
      },
    });
  const records = (): KeyRecord[] => readKeyRecords(join(folder, 'keys.db'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-key-backup-'));
    keystore = open('keys.db');
  });
  afterEach(async () => {
    await keystore.close();
    rmSync(folder, { recursive: true });
  });

  it('open in another keystore what was sealed in the first, which is in use', async () => {
    const key = await keystore.obtain('t1', ['persona/a', 'memory/x']);
    const sealed = sealValue(key, Buffer.from('content'), ['c']);
    const backup = await sealKeys(records(), root, context);
    writeKeyRecords(join(folder, 'other.db'), await openKeys(backup, root, context), '2026-01-02T00:00:00Z');
    const other = open('other.db');
    expect(await openValue(other, 't1', sealed, ['c'])).toEqual(new Uint8Array(Buffer.from('content')));
    expect(await openValue(other, 't2', sealed, ['c'])).toBeUndefined();
    expect(await other.destroy('t1', ['persona/a'])).toBe(2);
    await other.close();
  });

  it('tell nothing without the root key: neither a key, nor whose keys there are', async () => {
    const { kid, key } = await keystore.obtain('tenant-canary', ['agent/canary']);
    const backup = await sealKeys(records(), root, context);
    const said = Buffer.from(backup + Buffer.from(backup, 'base64url').toString('latin1'), 'latin1');
    for (const canary of ['canary', kid, Buffer.from(key)]) expect(said.includes(canary)).toBe(false);
  });

  it('do not open under another root key, in another place, or when they were changed', async () => {
    await keystore.obtain('t1', ['agent/a']);
    const backup = await sealKeys(records(), root, context);
    const stranger = localRootKey(new Uint8Array(32).fill(2));
    await expect(openKeys(backup, stranger, context)).rejects.toThrow('authentication failed');
    await expect(openKeys(backup, root, ['iam', '1-8'])).rejects.toThrow('authentication failed');
    for (const changed of [backup.slice(0, -20), '{}', '', backup.replace(/.(?="\}\n$)/, '~'), '[1]', 'null'])
      await expect(openKeys(changed, root, context)).rejects.toThrow('authentication failed');
  });

  it('are not taken for whole when one of them does not open, or has lost the one above it', async () => {
    await keystore.obtain('t1', ['persona/a', 'memory/x']);
    const [above, below] = [...records()].sort((a, b) => a.path.length - b.path.length);
    const orphaned = await sealKeys([below!], root, context);
    await expect(openKeys(orphaned, root, context)).rejects.toThrow('is orphaned');
    const swapped = [above!, { ...below!, tenant: 't2' }];
    await expect(openKeys(await sealKeys(swapped, root, context), root, context)).rejects.toThrow();
  });
});
