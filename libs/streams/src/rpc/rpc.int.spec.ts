import { startRedis, type StartedServer } from '@concordat/processes';
import { commandNode } from '../node-connection';
import { whenReady } from '../redis-connection';
import { describeRpc } from './rpc.conformance';
import { echo, rpcBench, signers } from './rpc.fixture';

describe('with a real Redis', () => {
  let redis: StartedServer;
  beforeAll(async () => {
    redis = await startRedis({ flavour: 'volatile' });
  });
  afterAll(() => redis.stop());

  describeRpc('Redis', () => redis.url);

  const { server, client, close } = rpcBench(() => redis.url);
  afterEach(close);

  it('a service that is not the gateway / is answered what it was given, and nothing else', async () => {
    await server(echo, signers.iam, 'iam-1', { vault: ['test.echo'] });
    const vault = await client(signers.vault, 'vault');
    expect((await vault.call({ i: 1 })).output).toEqual({ i: 1 });
    const refused = { code: 'ROUTE_UNKNOWN' };
    await expect(vault.call({}, null, 'apiKey.create')).rejects.toMatchObject(refused);
    await expect(vault.call({}, null, 'constructor')).rejects.toMatchObject(refused);
    // Not in the list at all: its first frame begins no session, so it hears nothing.
    const audit = await client(signers.audit, 'audit');
    await expect(audit.call({})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('fails within two seconds when nobody answers', async () => {
    const { call } = await client();
    const begun = performance.now();
    await expect(call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('goes on when Redis was killed and came back empty', async () => {
    await server(echo);
    const { call } = await client();
    await call('before');
    await redis.kill9();
    await redis.whenReady();
    expect((await call('after')).output).toBe('after');
  });

  it('puts nothing readable into Redis', async () => {
    await server(echo);
    const { call } = await client();
    const watcher = commandNode({ url: redis.url, name: 'watcher' });
    await whenReady(watcher, 5_000);
    const monitor = await watcher.monitor();
    const traffic: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => traffic.push(JSON.stringify(args)));
    await call({ canary: 'CANARY-4711' });
    monitor.disconnect();
    watcher.disconnect();
    expect(traffic.join('\n')).toContain('evalsha');
    expect(traffic.join('\n')).not.toContain('CANARY-4711');
    expect(traffic.join('\n')).not.toContain(Buffer.from('CANARY-4711').toString('base64').slice(2, 12));
  });

  it('does not answer a caller that is not the gateway, nor talk to an impostor of the service', async () => {
    let runs = 0;
    await server(async (request) => {
      runs++;
      return echo(request);
    });
    const vault = await client(signers.vault, 'vault');
    const forger = await client(signers.vault, 'bus');
    await expect(vault.call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(forger.call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(runs).toBe(0);
  });

  it('does not believe an offer by another identity', async () => {
    let runs = 0;
    await server(
      async (request) => {
        runs++;
        return echo(request);
      },
      signers.vault,
      'iam-impostor',
    );
    const { call } = await client();
    await expect(call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(runs).toBe(0);
  });
});
