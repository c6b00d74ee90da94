import { createHash } from 'node:crypto';
import { redisAcl, redisBridgeAcl, redisConfig } from './redis-config';

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

  it('a node of a cluster: a failed node takes its own slots away, and slots may move; nothing of it otherwise', () => {
    const files = { directory: '/d', aclFile: '/a', pidFile: '/p', maxMemoryBytes: 1024 };
    const node = redisConfig({ flavour: 'durable', port: 6400, busPort: 6500, ...files }).split('\n');
    expect(node).toEqual(
      expect.arrayContaining([
        'cluster-enabled yes',
        'cluster-port 6500',
        'cluster-require-full-coverage no',
      ]),
    );
    expect(config('durable').filter((line) => line.startsWith('cluster'))).toEqual([]);
    expect(redisAcl('x', true)).not.toContain('-migrate');
    expect(redisAcl('x')).toContain('-migrate');
  });

  it('quotes a folder with spaces, quotes and backslashes', () => {
    expect(config('durable', '/my "data"\\x')).toContain('dir "/my \\"data\\"\\\\x"');
  });

  it('refuses a folder with a line break, which would be a directive of its own', () => {
    expect(() => config('durable', '/x\nrequirepass ""')).toThrow('line break');
  });

  it('the user of the bridge may make users and touch keys of the bridge, and is known by a hash', () => {
    const acl = redisBridgeAcl('s3cret');
    expect(acl).toMatch(/^user bridge on sanitize-payload #[0-9a-f]{64} ~cc:\{bridge\}:\* ~cc:\{bridge\.\* /);
    expect(acl).not.toContain('s3cret');
    expect(acl).not.toMatch(/@|nopass|~\*/);
    expect(acl.match(/acl\|\w+/g)).toEqual(['acl|setuser', 'acl|deluser']);
  });

  it('holds a hash of the password, not the password', () => {
    const acl = redisAcl('s3cret');
    expect(acl).not.toContain('s3cret');
    expect(acl).toContain(`#${createHash('sha256').update('s3cret').digest('hex')}`);
    expect(acl).not.toContain('nopass');
  });
});
