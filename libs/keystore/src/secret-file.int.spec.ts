import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileRootKey } from './root-key';
import { obtainSecretFile, readSecretFile, writeSecretFile } from './secret-file';

describe('a secret file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-secret-'));
    file = join(folder, 'deep', 'root.key');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once, for its owner only, and read the same ever after', () => {
    const first = obtainSecretFile(file, 32);
    const second = obtainSecretFile(file, 32);
    expect(first.isNew).toBe(true);
    expect(second).toEqual({ secret: first.secret, isNew: false });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['root.key']);
  });

  it('is refused when others can read it, with the command that mends it', () => {
    obtainSecretFile(file, 32);
    chmodSync(file, 0o640);
    expect(() => readSecretFile(file, 32)).toThrow(`chmod 600 '${file}'`);
  });

  it('is refused when it holds something else, without quoting it', () => {
    obtainSecretFile(file, 16);
    const text = readFileSync(file, 'utf8').trim();
    expect(() => readSecretFile(file, 32)).toThrow('32 bytes');
    expect(() => readSecretFile(file, 32)).not.toThrow(text);
  });

  it('is never overwritten', () => {
    expect(writeSecretFile(file, 'one')).toBe(true);
    expect(writeSecretFile(file, 'two')).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('one\n');
  });

  it('is not made anew while there is what only the lost one opens', () => {
    const guarded = join(folder, 'keys.db');
    writeFileSync(guarded, '');
    expect(() => obtainSecretFile(file, 32, guarded)).toThrow(`${file} is missing, and ${guarded}`);
    expect(existsSync(file)).toBe(false);
  });

  it('holds a root key that warns when it is made, and only then', () => {
    const warnings: string[] = [];
    fileRootKey(file, `${file}.db`, (warning) => warnings.push(warning));
    fileRootKey(file, `${file}.db`, (warning) => warnings.push(warning));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(file);
  });

  it('holds a root key that names the files when it is not the one that wrapped', async () => {
    const context = Uint8Array.of(1);
    const wrapped = await fileRootKey(file, `${file}.db`, () => undefined).wrap(new Uint8Array(32), context);
    rmSync(file);
    const other = fileRootKey(file, `${file}.db`, () => undefined);
    await expect(other.unwrap(wrapped, context)).rejects.toThrow(`${file} does not open a key of ${file}.db`);
  });

  it('that a crash left half made is not taken for whole', () => {
    writeSecretFile(file, 'x');
    rmSync(file);
    writeFileSync(`${file}.abc.tmp`, 'half');
    expect(existsSync(file)).toBe(false);
    expect(obtainSecretFile(file, 32).isNew).toBe(true);
  });
});
