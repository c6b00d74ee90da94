import { freePort, type StartedServer, startPostgres, startRedis } from '@concordat/processes';
import { readEnvironment } from '../environment';
import { type Finding } from './finding';
import { examineNamedServers } from './named-servers';

let redis: StartedServer;
let postgres: StartedServer;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis({ flavour: 'volatile' }), startPostgres()]);
});
afterAll(() => Promise.all([redis.stop(), postgres.stop()]));

const examine = (variables: Record<string, string>): Promise<Finding[]> =>
  examineNamedServers(readEnvironment(variables));

describe('servers that the environment names', () => {
  it('none: nothing to say', async () => {
    expect(await examine({})).toEqual([]);
  });

  it('that answer are named with their version and place, not with their password', async () => {
    const findings = await examine({
      CONCORDAT_REDIS_URL: redis.url,
      CONCORDAT_RPC_REDIS_URL: redis.url,
      CONCORDAT_DATABASE_URL: postgres.url,
    });
    const at = `127.0.0.1:${redis.port}`;
    expect(findings).toEqual([
      { name: 'CONCORDAT_REDIS_URL', status: 'ok', detail: expect.stringMatching(`^Redis \\d.* at ${at}$`) },
      { name: 'CONCORDAT_RPC_REDIS_URL', status: 'ok', detail: expect.stringContaining(at) },
      {
        name: 'CONCORDAT_DATABASE_URL',
        status: 'ok',
        detail: expect.stringMatching(`^PostgreSQL 18.* at 127.0.0.1:${postgres.port}$`),
      },
    ]);
  });

  it('that refuse the password are told, without any', async () => {
    const findings = await examine({
      CONCORDAT_REDIS_URL: redis.url.replace(/:[^:@]*@/, ':wrong@'),
      CONCORDAT_DATABASE_URL: postgres.url.replace(/:[^:@]*@/, ':wrong@'),
    });
    expect(findings).toMatchObject([
      { status: 'broken', detail: expect.stringContaining('WRONGPASS') },
      { status: 'broken', detail: expect.stringContaining('password authentication failed') },
    ]);
    expect(JSON.stringify(findings)).not.toContain('wrong');
  });

  it('of a cluster are asked one by one', async () => {
    const cluster = redis.url.replace('redis:', 'redis+cluster:');
    expect(await examine({ CONCORDAT_REDIS_URL: cluster })).toMatchObject([
      { status: 'ok', detail: 'all 1 named nodes of the cluster answer' },
    ]);
    const gone = await examine({ CONCORDAT_REDIS_URL: `${cluster},127.0.0.1:${await freePort()}` });
    expect(gone).toMatchObject([{ status: 'broken', detail: expect.stringContaining('ECONNREFUSED') }]);
    expect(JSON.stringify(gone)).not.toContain(new URL(redis.url).password);
  });

  it('that are not there, or no URL, are told with what to do', async () => {
    const port = await freePort();
    const findings = await examine({
      CONCORDAT_REDIS_URL: `redis://127.0.0.1:${port}`,
      CONCORDAT_RPC_REDIS_URL: 'localhost',
      CONCORDAT_DATABASE_URL: `postgres://u:secret@127.0.0.1:${port}/x`,
    });
    expect(findings).toMatchObject([
      { status: 'broken', detail: expect.stringContaining('ECONNREFUSED') },
      { status: 'broken', detail: expect.stringContaining('begins with none of redis://') },
      { status: 'broken', fix: expect.stringContaining('Start that server, correct CONCORDAT_DATABASE_URL') },
    ]);
    expect(JSON.stringify(findings)).not.toContain('secret');
  });

  it('that accept and say nothing do not hold the doctor up', async () => {
    redis.suspend();
    try {
      expect(await examine({ CONCORDAT_REDIS_URL: redis.url })).toMatchObject([
        { status: 'broken', detail: expect.stringContaining('no answer within 3 s') },
      ]);
    } finally {
      redis.resume();
    }
  });
});
