import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVerifierKey } from '@concordat/crypto';
import { obtainLogIdentity } from './log-identity';

describe('the identity of a log', () => {
  let dataDir: string;
  beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'concordat-log-'))));
  afterEach(() => rmSync(dataDir, { recursive: true }));

  const obtain = (origin?: string, vkeyFile?: string) => obtainLogIdentity({ dataDir, origin, vkeyFile });

  it('is made up once, and is the same ever after', () => {
    const { origin, vkey } = obtain();
    expect(origin).toMatch(/^concordat\/audit\/[0-9a-f]{8}$/);
    expect(parseVerifierKey(vkey).name).toBe(origin);
    expect(obtain()).toMatchObject({ origin, vkey });
    for (const file of ['checkpoint.key', 'checkpoint.origin'])
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
  });

  it('has the origin of the configuration, which can choose it once', () => {
    expect(obtain('example.org/log').origin).toBe('example.org/log');
    expect(obtain().origin).toBe('example.org/log');
    expect(() => obtain('example.org/other')).toThrow('cannot be changed');
  });

  it('is published in a file that everybody may read, and that is never half written', () => {
    const file = join(dataDir, 'log.vkey');
    const { vkey } = obtain(undefined, file);
    expect(readFileSync(file, 'utf8')).toBe(`${vkey}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    obtain(undefined, file);
    expect(readFileSync(file, 'utf8')).toBe(`${vkey}\n`);
  });

  it('is not published in place of another one, which verifiers may have pinned', () => {
    const file = join(dataDir, 'log.vkey');
    writeFileSync(file, 'of another log');
    expect(() => obtain(undefined, file)).toThrow(/log\.vkey holds another key .*checkpoint\.key/);
    expect(readFileSync(file, 'utf8')).toBe('of another log');
  });

  it('of which the key was lost is not made anew', () => {
    obtain();
    rmSync(join(dataDir, 'checkpoint.key'));
    expect(() => obtain()).toThrow(/checkpoint\.key is missing/);
  });
});
