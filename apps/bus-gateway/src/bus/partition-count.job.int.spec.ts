import { startRedis, type StartedServer } from '@concordat/processes';
import { sleep } from '@concordat/runtime';
import { commandNode, whenReady } from '@concordat/streams';
import type Redis from 'ioredis';
import { PartitionCountJob } from './partition-count.job';

describe('the number of partitions', () => {
  let server: StartedServer;
  let redis: Redis;
  beforeEach(async () => {
    server = await startRedis();
    redis = commandNode({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('belongs to the Redis that holds them: a gateway with another one does not start', async () => {
    const told: Error[] = [];
    const start = (count: number) =>
      new PartitionCountJob(redis, count, sleep, (error) => told.push(error)).onApplicationBootstrap();
    await start(4);
    await start(4);
    await expect(start(8)).rejects.toThrow(
      'holds a bus of 4 partitions, and CONCORDAT_BUS_PARTITIONS says 8',
    );
    await start(4);
    expect(told).toEqual([]);
  });

  it('is compared later when Redis does not answer at the start', async () => {
    await redis.set('cc:{bus}:partitions', 4);
    server.suspend();
    const mismatch = new Promise<Error>((resolve) => {
      void new PartitionCountJob(redis, 8, sleep, resolve)
        .onApplicationBootstrap()
        .then(() => server.resume());
    });
    expect((await mismatch).message).toContain('holds a bus of 4 partitions');
  });
});
