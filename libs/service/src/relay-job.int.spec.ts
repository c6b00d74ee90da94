import { ed25519Signer } from '@concordat/crypto';
import { MemoryEventStore } from '@concordat/eventsourcing';
import { startRedis } from '@concordat/processes';
import { createLogger, Health, systemClock } from '@concordat/runtime';
import { RedisLinks } from './redis-links';
import { RelayJob } from './relay-job';

describe('the guard of a store', () => {
  it('lets nothing through until the store was compared with its stream, not even when Redis is frozen', async () => {
    const redis = await startRedis({ flavour: 'durable' });
    const logger = createLogger({ service: 'iam', instance: 'iam-1', level: 'silent' });
    const links = new RedisLinks({ redisUrl: redis.url, rpcRedisUrl: redis.url, instance: 'iam-1', logger });
    const job = new RelayJob({
      store: new MemoryEventStore('iam'),
      signer: ed25519Signer(new Uint8Array(32).fill(1)),
      redis: links,
      health: new Health(),
      clock: systemClock,
      logger,
    });
    const guard = (): Promise<string> =>
      job.guard({ minPosition: {} }).then(
        () => 'open',
        (error: { code: string }) => error.code,
      );
    redis.suspend();
    job.onApplicationBootstrap();
    // Long enough for the first comparison to have failed.
    await expect(links.durable.ping()).rejects.toThrow();
    expect(await guard()).toBe('SERVICE_UNAVAILABLE');
    redis.resume();
    for (;;) {
      if ((await guard()) === 'open') break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await job.beforeApplicationShutdown();
    links.close();
    await redis.stop();
  });
});
