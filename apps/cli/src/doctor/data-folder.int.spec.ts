import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { dataFolder, provideDataFolder, provideIdentities } from '../supervisor/provision';
import { examineDataFolder } from './data-folder';

let folder: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  await provideDataFolder(dataFolder(folder));
  await provideIdentities(dataFolder(folder));
});
afterEach(() => removeTemporaryDirectory(folder));

function write(name: string, mode: number): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

describe('the data folder', () => {
  it('in order is ok', async () => {
    expect(await examineDataFolder(folder)).toMatchObject([{ name: 'data folder', status: 'ok' }]);
  });

  it('that is not there yet is ok', async () => {
    expect(await examineDataFolder(join(folder, 'none'))).toMatchObject([
      { status: 'ok', detail: expect.stringContaining('made by the first') },
    ]);
  });

  it('that others can look into is broken', async () => {
    chmodSync(folder, 0o755);
    expect(await examineDataFolder(folder)).toMatchObject([
      { status: 'broken', fix: `chmod 700 '${folder}'` },
    ]);
  });

  it('that is something else is broken, and no change of it is advised', async () => {
    const findings = await examineDataFolder('/etc');
    expect(findings).toMatchObject([{ status: 'broken', detail: expect.stringContaining('no data folder') }]);
    expect(JSON.stringify(findings)).not.toContain('chmod');
  });

  it('that is a file, or a link to nowhere, is broken', async () => {
    const file = write('file', 0o600);
    expect(await examineDataFolder(file)).toMatchObject([
      { status: 'broken', detail: expect.stringContaining(`${file} is a file`) },
    ]);
    const link = join(folder, 'link');
    symlinkSync('/nowhere', link);
    expect(await examineDataFolder(link)).toMatchObject([
      { status: 'broken', detail: expect.stringContaining('is a link to /nowhere') },
    ]);
  });
});

describe('secrets', () => {
  it.each([
    'identity/iam.key',
    'vault/root.key',
    'iam/root.key',
    'cli/agents/ada.json',
    'cli/agents/ada.json.new',
    'redis/password',
    'postgres/url',
    'redis-rpc/users.acl',
    'run.json',
  ])('with open modes are found: %s', async (name) => {
    write('admin.key', 0o600);
    const file = write(name, 0o640);
    expect((await examineDataFolder(folder)).slice(1)).toMatchObject([
      { name: 'secrets', status: 'broken', fix: `chmod 600 '${file}'` },
    ]);
  });

  it('are not looked for where databases keep their own, and other files may be open', async () => {
    write('redis/data/appendonly.key', 0o644);
    write('logs/url', 0o644);
    write('audit.vkey', 0o644);
    write('identity/peers.json', 0o644);
    expect(await examineDataFolder(folder)).toHaveLength(1);
  });
});

describe('the admin key', () => {
  const iamStarted = (): string => write('iam/events.sqlite', 0o600);

  it('that is missing after the first start is told, with what to do', async () => {
    iamStarted();
    expect((await examineDataFolder(folder)).slice(1)).toMatchObject([
      {
        name: 'admin key',
        status: 'broken',
        fix: expect.stringMatching(/only at the very first start\. Restore the file from a backup/),
      },
    ]);
  });

  it('is not missed before the first start, nor where an empty file asks for another', async () => {
    mkdirSync(join(folder, 'iam'));
    expect(await examineDataFolder(folder)).toHaveLength(1);
    iamStarted();
    write('admin.key', 0o600);
    expect(await examineDataFolder(folder)).toHaveLength(1);
  });
});
