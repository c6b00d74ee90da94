import Redis from 'ioredis';
import { type StartedCluster, startRedisCluster } from './start-redis-cluster';

describe('a private Redis Cluster', () => {
  let cluster: StartedCluster;
  beforeAll(async () => (cluster = await startRedisCluster()));
  afterAll(() => cluster.stop());

  it('has three nodes that share the slots, sync every write, and let nobody in without the password', async () => {
    const { password } = new URL(cluster.nodes[0]!.url);
    const client = new Redis(cluster.nodes[1]!.url);
    const slots = [...(await client.cluster('SLOTS'))].sort((a, b) => a[0] - b[0]);
    const ranges = slots.map(([from, to, node]) => [from, to, node?.[0], node?.[1]]);
    expect(ranges).toEqual(
      cluster.nodes.map(({ port }, i) => [[0, 5461, 10922][i], [5460, 10921, 16383][i], '127.0.0.1', port]),
    );
    expect(await client.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always']);
    expect(cluster.url).toContain(`:${password}@127.0.0.1:${cluster.nodes[0]!.port},`);
    client.disconnect();
    const stranger = new Redis(`redis://127.0.0.1:${cluster.nodes[2]!.port}`, { lazyConnect: true });
    stranger.on('error', () => undefined); // said again by the command
    await expect(stranger.cluster('INFO')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
  });

  it('serves again with its data when a node was killed', async () => {
    const client = new Redis(cluster.nodes[0]!.url);
    const key = 'key'; // slot 12539: the third node says so
    await expect(client.set(key, 'value')).rejects.toThrow('MOVED 12539');
    client.disconnect();
    const owner = new Redis(cluster.nodes[2]!.url);
    await owner.set(key, 'value');
    owner.disconnect();
    await cluster.nodes[2]!.kill9();
    await cluster.whenReady();
    const again = new Redis(cluster.nodes[2]!.url);
    expect(await again.get(key)).toBe('value');
    again.disconnect();
  });
});
