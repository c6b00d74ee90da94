import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { dataFolder, provideIdentities } from './provision';
import { identities } from './services';

let folder: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  await provideIdentities(dataFolder(folder));
});
afterEach(() => removeTemporaryDirectory(folder));

const file = (name: string): string => join(folder, 'identity', name);
const peers = (): string => readFileSync(file('peers.json'), 'utf8');

describe('the identities of the services', () => {
  it('are made at the first start, and kept', async () => {
    const before = [peers(), ...identities.map((name) => readFileSync(file(`${name}.key`), 'utf8'))];
    await provideIdentities(dataFolder(folder));
    expect([peers(), ...identities.map((name) => readFileSync(file(`${name}.key`), 'utf8'))]).toEqual(before);
  });

  it.each(identities)('%s, whose key is lost, does not get another one', async (name) => {
    const before = peers();
    rmSync(file(`${name}.key`));
    await expect(provideIdentities(dataFolder(folder))).rejects.toThrow(
      `${file(`${name}.key`)} is missing or empty, but ${file('peers.json')} knows its public key. Restore it`,
    );
    expect(existsSync(file(`${name}.key`))).toBe(false);
    expect(peers()).toBe(before);
  });

  it('that an earlier version did not have are made', async () => {
    const { vault: _, ...rest } = JSON.parse(peers()) as Record<string, unknown>;
    writeFileSync(file('peers.json'), JSON.stringify(rest));
    rmSync(file('vault.key'));
    await provideIdentities(dataFolder(folder));
    expect(JSON.parse(peers())).toHaveProperty('vault');
  });

  it.each(['null', '{', '[]'])('survive a damaged peers.json: %s', async (text) => {
    const before = peers();
    writeFileSync(file('peers.json'), text);
    await provideIdentities(dataFolder(folder));
    expect(peers()).toBe(before);
  });

  it('whose key others can read: nobody is told to delete it', async () => {
    chmodSync(file('iam.key'), 0o644);
    const { message } = await provideIdentities(dataFolder(folder)).then(
      () => new Error('no error'),
      (error: Error) => error,
    );
    expect(message).toContain(`chmod 600 '${file('iam.key')}'. Otherwise others can sign as iam`);
    expect(message).not.toContain('delete');
  });

  it('whose key is empty or damaged does not get another one', async () => {
    for (const text of ['', 'x']) {
      writeFileSync(file('iam.key'), text);
      await expect(provideIdentities(dataFolder(folder))).rejects.toThrow('Restore it from a backup');
    }
  });
});
