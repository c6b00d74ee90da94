import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  PermissionsError,
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

  it('that is a file: the error says so', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(providePrivateDirectory(file)).rejects.toThrow(PermissionsError);
  });
});
