import { origin } from '@concordat/contracts';
import { startRedis } from '@concordat/processes';
import { blockingConnection, commandConnection } from './connection';
import { describeEventLog, entries } from './event-log.conformance';
import { whenReady } from './redis-connection';
import { RedisEventLog } from './redis-event-log';

describe('with a real Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let log: RedisEventLog;

  beforeAll(async () => {
    redis = await startRedis({ flavour: 'durable' });
    const commands = commandConnection({ url: redis.url, name: 'test' });
    log = new RedisEventLog(commands, blockingConnection({ url: redis.url, name: 'test-reader' }));
    await whenReady(commands, 5_000);
  });
  afterAll(async () => {
    await log.close();
    await redis.stop();
  });

  describeEventLog('in Redis', () => log);

  it('keeps what it acknowledged through a kill', async () => {
    await log.append('killed', origin, entries(1, 100));
    await redis.kill9();
    await redis.whenReady();
    for (;;) {
      // The connection comes back on its own; until then every call fails at once.
      const head = await log.head('killed').catch(() => 'away' as const);
      if (head === 'away') {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      expect(head).toMatchObject({ at: { epoch: 1, position: 100 } });
      break;
    }
  });

  it('says within two seconds that a frozen Redis does not answer', async () => {
    redis.suspend();
    const begun = performance.now();
    await expect(log.append('frozen', origin, entries(1, 1))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    redis.resume();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
