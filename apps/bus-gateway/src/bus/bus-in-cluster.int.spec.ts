import { type StartedCluster, startRedisCluster } from '@concordat/processes';
import { systemClock } from '@concordat/runtime';
import { blockingConnection, commandConnection, type RedisConnection, whenReady } from '@concordat/streams';
import { BusDriver } from './bus-driver.fixture';
import { outgoing, recipientIn, tokensOf } from './bus.fixture';
import { Doorbell } from './doorbell';
import { Durability } from './durability';
import { inboxOf, queueName } from './queue';

const partitions = 6;

describe('the bus in a Redis Cluster', () => {
  let cluster: StartedCluster;
  let redis: RedisConnection;
  let store: BusDriver;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = commandConnection({ url: cluster.url, name: 'test' });
    await whenReady(redis, 5_000);
    store = new BusDriver(redis, redis, partitions, systemClock);
  });
  afterAll(async () => {
    redis.disconnect();
    await cluster.stop();
  });

  it('delivers in every partition, on whichever node it lies, and wakes who waits there', async () => {
    const doorbell = new Doorbell(
      blockingConnection({ url: cluster.url, name: 'bell' }),
      partitions,
      () => undefined,
    );
    doorbell.onApplicationBootstrap();
    const { signal } = new AbortController();
    const recipients = Array.from({ length: partitions }, (_, partition) =>
      recipientIn(partition, partitions),
    );
    const received = recipients.map(async (recipient) => {
      const ring = doorbell.listen(queueName(inboxOf('default', recipient)));
      const fetch = () => store.fetch({ tenant: 'default', recipient, count: 10, leaseSeconds: 30 });
      let messages = await fetch();
      while (messages.length === 0) {
        await ring.wait(60_000, signal);
        messages = await fetch();
      }
      ring.end();
      const { settled } = await store.ack('default', recipient, tokensOf(messages));
      return settled;
    });
    const published = await Promise.all(recipients.map((to) => store.publish(outgoing(partitions, to, {}))));
    expect(published.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await Promise.all(received)).toEqual(recipients.map(() => [true]));
    const states = published.map(({ partition, id }) => store.state('default', partition, id));
    expect((await Promise.all(states)).map((state) => state?.status)).toEqual(
      recipients.map(() => 'DELIVERED'),
    );
    const swept = await Promise.all(recipients.map((_, partition) => store.sweep(partition)));
    expect(swept.map(({ nextMs }) => nextMs)).toEqual(recipients.map(() => -1));
    await doorbell.onModuleDestroy();
  });

  it('says what its weakest node promises', async () => {
    const warn = (): void => undefined;
    const durability = new Durability(redis, { warn } as unknown as ConstructorParameters<
      typeof Durability
    >[1]);
    while (durability.current === 'unknown') await redis.exists('cc:{bus}:partitions');
    expect(durability.current).toBe('appendfsync-always');
  });
});
