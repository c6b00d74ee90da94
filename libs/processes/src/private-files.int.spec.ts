import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { explainFolder, PermissionsError } from './folder-errors';
import {
  MADE_ANEW,
  providePrivateDirectory,
  provideSecret,
  readSecret,
  writePrivateFile,
} from './private-files';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeTemporaryDirectory(directory));

const mode = (file: string): number => statSync(file).mode & 0o777;

describe('a private file', () => {
  it('is for its owner only, replaces the old one, and leaves no draft', async () => {
    const file = join(directory, 'secret');
    writeFileSync(file, 'old', { mode: 0o644 });
    await writePrivateFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(mode(file)).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it('that cannot be written leaves no draft', async () => {
    mkdirSync(join(directory, 'secret'));
    await expect(writePrivateFile(join(directory, 'secret'), 'new')).rejects.toThrow();
    expect(readdirSync(directory)).toEqual(['secret']);
  });
});

describe('a secret', () => {
  it('is made once', async () => {
    const file = join(directory, 'key');
    const secret = await provideSecret(file);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(await provideSecret(file)).toBe(secret);
  });

  it('that is missing is undefined', async () => {
    expect(await readSecret(join(directory, 'none'))).toBeUndefined();
  });

  it.each([0o640, 0o604, 0o620])('with mode %o is refused', async (loose) => {
    const file = join(directory, 'key');
    writeFileSync(file, 'x');
    chmodSync(file, loose);
    await expect(readSecret(file)).rejects.toThrow(PermissionsError);
  });

  it('that others can read: to delete it is advised only where a new one is made', async () => {
    const file = join(directory, "it's key");
    writeFileSync(file, 'x', { mode: 0o644 });
    const advice = `chmod 600 '${directory}/it'\\''s key'. `;
    await expect(provideSecret(file)).rejects.toThrow(advice + MADE_ANEW);
    await expect(readSecret(file)).rejects.toThrow(`${advice}Otherwise it is no secret any more`);
    await expect(provideSecret(file, 'Otherwise ask.')).rejects.toThrow(`${advice}Otherwise ask.`);
  });
});

describe('a private folder', () => {
  it('is made, and closed when others could enter', async () => {
    const folder = join(directory, 'a', 'b');
    await providePrivateDirectory(folder);
    expect(mode(folder)).toBe(0o700);
    chmodSync(folder, 0o777);
    await providePrivateDirectory(folder);
    expect(mode(folder)).toBe(0o700);
  });

  const failure = (folder: string): Promise<Error> =>
    providePrivateDirectory(folder).then(
      () => new Error('it was made'),
      (error: Error) => error,
    );

  it('that is a file, or lies below one: the error names the file', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'a', 'b')]) {
      const error = await failure(folder);
      expect(error).toBeInstanceOf(PermissionsError);
      expect(error.message).toBe(
        `The folder ${folder} cannot be used. ${file} is a file, and must be a folder. Move it away, or choose another folder.`,
      );
    }
  });

  it('that is a link to nowhere: the error names both ends', async () => {
    const link = join(directory, 'link');
    symlinkSync('/nowhere/to/be', link);
    for (const folder of [link, join(link, 'a')])
      expect((await failure(folder)).message).toContain(
        `${link} is a link to /nowhere/to/be, which does not exist`,
      );
  });

  it('with a path that is too long, or with links in a circle: the error says so', async () => {
    expect((await failure(join(directory, 'x'.repeat(300)))).message).toContain('too long');
    symlinkSync('circle', join(directory, 'circle'));
    expect((await failure(join(directory, 'circle'))).message).toContain('circle');
  });

  it.each([
    ['EROFS', 'mounted read-only'],
    ['ENOSPC', 'no space left'],
    ['EIO', 'EIO: i/o error'],
  ])('that fails with %s: no change of owner is advised', (code, text) => {
    const error = Object.assign(new Error(`${code}: i/o error, mkdir`), { code });
    const { message } = explainFolder(directory, error);
    expect(message).toContain(text);
    expect(message).not.toContain('chown');
  });

  it('that this user may not use, or make: the command that helps depends on which', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(explainFolder(directory, error).message).toContain(`sudo chown -R "$(id -un)" '${directory}'`);
    expect(explainFolder(join(directory, 'a', 'b'), error).message).toContain(
      `make it in ${directory}. Make it for the user that runs Concordat: sudo install -d -m 700 -o "$(id -un)" '${directory}/a/b'`,
    );
  });
});
