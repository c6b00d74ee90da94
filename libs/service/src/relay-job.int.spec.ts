import { ApiKeyRevoked } from '@concordat/contracts';
import { ed25519Signer } from '@concordat/crypto';
import { MemoryEventStore } from '@concordat/eventsourcing';
import { startRedis, type StartedServer } from '@concordat/processes';
import { createLogger, Health, systemClock } from '@concordat/runtime';
import { RedisEventLog } from '@concordat/streams';
import { RedisLinks } from './redis-links';
import { RelayJob } from './relay-job';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const logger = createLogger({ service: 'iam', instance: 'iam-1', level: 'silent' });
const linksTo = ({ url }: StartedServer): RedisLinks =>
  new RedisLinks({ redisUrl: url, rpcRedisUrl: url, instance: 'iam-1', logger });
const jobOf = (store: MemoryEventStore, redis: RedisLinks): RelayJob =>
  new RelayJob({ store, signer, redis, health: new Health(), clock: systemClock, logger });

const registration = {
  ...{
    tenant: 't',
    stream: 'apiKey/1',
    expectedVersion: 0,
    time: '2026-01-01T00:00:00.000Z',
    actor: 'service:iam',
  },
  ...{ correlation: null, traceparent: null, command: null, effects: [] },
  events: [{ type: ApiKeyRevoked.type, subject: 'apiKey:1', data: '{"id":"1"}' }],
};

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setImmediate(resolve));
}

describe('the guard of a store', () => {
  it('lets nothing through until the store was compared with its stream, not even when Redis is frozen', async () => {
    const redis = await startRedis({ flavour: 'durable' });
    const links = linksTo(redis);
    const job = jobOf(new MemoryEventStore('iam'), links);
    const guard = (): Promise<string> =>
      job.guard({ minPosition: {} }).then(
        () => 'open',
        (error: { code: string }) => error.code,
      );
    redis.suspend();
    const starting = job.onApplicationBootstrap();
    // Long enough for the first comparison to have failed.
    await expect(links.durable.exists('any')).rejects.toThrow();
    expect(await guard()).toBe('SERVICE_UNAVAILABLE');
    redis.resume();
    await until(async () => (await guard()) === 'open');
    await starting;
    await job.beforeApplicationShutdown();
    links.close();
    await redis.stop();
  });

  it('does not let a service start on an older store, or on one that was begun anew', async () => {
    const redis = await startRedis({ flavour: 'durable' });
    const links = linksTo(redis);
    const log = new RedisEventLog(links.durable, links.durable);
    const store = new MemoryEventStore('iam', 1);
    await store.append(registration);
    const first = jobOf(store, links);
    await first.onApplicationBootstrap();
    await until(async () => (await log.head('iam'))?.at.position === 1);
    await first.beforeApplicationShutdown();
    for (const epoch of [1, 2]) {
      const job = jobOf(new MemoryEventStore('iam', epoch), links);
      await expect(job.onApplicationBootstrap()).rejects.toMatchObject({ code: 'STORE_REGRESSED' });
      await job.beforeApplicationShutdown();
    }
    links.close();
    await redis.stop();
  });
});
