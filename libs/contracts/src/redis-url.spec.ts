import { nodeUrl, parseRedisUrl } from './redis-url';

describe('the URL of a Redis', () => {
  it('of one server is left as it is', () => {
    for (const url of ['redis://:p%40ss@127.0.0.1:6379', 'rediss://user:pass@redis.internal:6380/1'])
      expect(parseRedisUrl(url)).toEqual({ kind: 'server', url });
  });

  it('of a cluster names nodes that share user, password and TLS', () => {
    expect(parseRedisUrl('redis+cluster://a:7000')).toEqual({
      ...{ kind: 'cluster', seeds: [{ host: 'a', port: 7000 }] },
      access: { scheme: 'redis', credentials: '' },
    });
    const place = parseRedisUrl('rediss+cluster://bus:p%40ss@10.0.0.1:7000,[::1]:7001,redis.internal:7002');
    if (place.kind !== 'cluster') throw new Error('not a cluster');
    expect(place.seeds.map((seed) => nodeUrl(place.access, seed))).toEqual([
      'rediss://bus:p%40ss@10.0.0.1:7000',
      'rediss://bus:p%40ss@[::1]:7001',
      'rediss://bus:p%40ss@redis.internal:7002',
    ]);
  });

  it.each([
    ['http://127.0.0.1:6379', 'begins with none of'],
    ['redis://', 'is no URL'],
    ['redis+cluster://', 'names no cluster'],
    ['redis+cluster://:s3cret@a:7000/1', 'one database'],
    ['redis+cluster://:s3cret@a:7000?x=1', 'names no cluster'],
    ['redis+cluster://:s3cret@a', 'a node is host:port'],
    ['redis+cluster://:s3cret@a:7000,', 'a node is host:port'],
    ['redis+cluster://:s3cret@a:7000,b:0', 'a node is host:port'],
    ['redis+cluster://:s3cret@a:7000,b:70000', 'a node is host:port'],
    ['redis+cluster://:s3cret@::1:7000', 'a node is host:port'],
    ['redis+cluster://:s3cret@x@a:7000', 'names no cluster'],
    [`redis+cluster://:s3cret@${'a:1,'.repeat(16)}a:1`, 'more than 16'],
  ])('%s is refused with the reason, without the password', (url, reason) => {
    let said = '';
    try {
      parseRedisUrl(url);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(reason);
    expect(said).not.toContain('s3cret');
  });
});
