import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PermissionsError, removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { claimFolder } from './claim-folder';
import { dataFolder, provideDataFolder, provideIdentities } from './provision';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => removeTemporaryDirectory(folder));

const mode = (path: string): number => statSync(path).mode & 0o777;

describe('a folder', () => {
  it('that does not exist, or is empty, may become a data folder', async () => {
    await claimFolder(join(folder, 'a', 'b'));
    expect(existsSync(join(folder, 'a'))).toBe(false);
    await claimFolder(folder);
  });

  it.each(['notes.txt', 'audit', '.bashrc'])(
    'that holds something else (%s) is refused, and stays as it was',
    async (name) => {
      mkdirSync(join(folder, 'logs'));
      writeFileSync(join(folder, name), '');
      chmodSync(folder, 0o755);
      await expect(provideDataFolder(dataFolder(folder))).rejects.toThrow(
        /holds other things \(.*\) and is no data folder of Concordat\. Nothing was changed\..*--data <dir>/,
      );
      expect(mode(folder)).toBe(0o755);
      expect(readdirSync(folder).sort()).toEqual([name, 'logs'].sort());
    },
  );

  it('that a start left before it had the lock is one', async () => {
    mkdirSync(join(folder, 'logs'));
    mkdirSync(join(folder, 'cli'));
    await claimFolder(folder);
  });

  it('that is one stays one, whatever people put into it', async () => {
    writeFileSync(join(folder, 'supervisor.lock.3'), '{}');
    writeFileSync(join(folder, 'notes.txt'), '');
    await claimFolder(folder);
  });

  it('that was restored without its locks is one', async () => {
    await provideIdentities(dataFolder(folder));
    writeFileSync(join(folder, 'notes.txt'), '');
    await claimFolder(folder);
  });

  it('that is a file: the error says so', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(claimFolder(file)).rejects.toThrow(PermissionsError);
    await expect(claimFolder(file)).rejects.toThrow(`${file} is a file, and must be a folder`);
  });
});

const uid = process.getuid?.() ?? 0;

(uid === 0 ? describe : describe.skip)('the folder of an ordinary user', () => {
  beforeEach(async () => {
    await provideIdentities(dataFolder(folder));
    execFileSync('chown', ['-R', '1234', folder]);
  });

  it('is refused to root, which leaves nothing in it', async () => {
    const before = readdirSync(folder);
    await expect(provideDataFolder(dataFolder(folder))).rejects.toThrow(
      /belongs to user 1234, and this is root.*sudo -u '#1234' \.\/concordat/,
    );
    expect(readdirSync(folder)).toEqual(before);
  });

  it('is used by that user', async () => {
    await claimFolder(folder, 1234);
  });

  it('in which root has left files: they are named, with what gives them back', async () => {
    chownSync(join(folder, 'identity', 'iam.key'), 0, 0);
    await expect(claimFolder(folder, 1234)).rejects.toThrow(
      `Files of other users lie in ${folder} (${join(folder, 'identity', 'iam.key')}), perhaps from a start with sudo`,
    );
    await expect(claimFolder(folder, 1234)).rejects.toThrow(`sudo chown -R "$(id -un)" '${folder}'`);
  });

  it('that root has made altogether is named itself', async () => {
    chownSync(folder, 0, 0);
    await expect(claimFolder(folder, 1234)).rejects.toThrow(`lie in ${folder} (${folder})`);
  });

  it('that links to files of others is used', async () => {
    symlinkSync('/etc/hostname', join(folder, 'link'));
    lchownSync(join(folder, 'link'), 1234, 1234);
    await claimFolder(folder, 1234);
  });
});
