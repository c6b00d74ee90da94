import { createHash } from 'node:crypto';
import { redisAcl, redisConfig } from './redis-config';

const config = (flavour: 'durable' | 'volatile', directory = '/data/redis'): string[] =>
  redisConfig({ flavour, port: 6400, directory, aclFile: '/a', pidFile: '/p', maxMemoryBytes: 1024 }).split(
    '\n',
  );

describe('the configuration of a private Redis', () => {
  it('durable: syncs every write and evicts nothing', () => {
    expect(config('durable')).toEqual(
      expect.arrayContaining([
        'appendonly yes',
        'appendfsync always',
        'aof-use-rdb-preamble yes',
        'maxmemory-policy noeviction',
      ]),
    );
  });

  it('volatile: writes nothing to disk and evicts nothing', () => {
    expect(config('volatile')).toEqual(
      expect.arrayContaining(['appendonly no', 'save ""', 'maxmemory-policy noeviction']),
    );
  });

  it('listens on loopback only', () => {
    expect(config('durable').filter((line) => line.startsWith('bind'))).toEqual(['bind 127.0.0.1']);
  });

  it('quotes a folder with spaces, quotes and backslashes', () => {
    expect(config('durable', '/my "data"\\x')).toContain('dir "/my \\"data\\"\\\\x"');
  });

  it('refuses a folder with a line break, which would be a directive of its own', () => {
    expect(() => config('durable', '/x\nrequirepass ""')).toThrow('line break');
  });

  it('holds a hash of the password, not the password', () => {
    const acl = redisAcl('s3cret');
    expect(acl).not.toContain('s3cret');
    expect(acl).toContain(`#${createHash('sha256').update('s3cret').digest('hex')}`);
    expect(acl).not.toContain('nopass');
  });
});
