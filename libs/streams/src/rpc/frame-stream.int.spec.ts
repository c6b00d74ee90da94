import { startRedis, type StartedServer } from '@concordat/processes';
import { blockingConnection, commandConnection } from '../connection';
import { type RedisConnection, whenReady } from '../redis-connection';
import { FrameReader, sendFrame } from './frame-stream';

describe('a stream of frames', () => {
  let server: StartedServer;
  let redis: RedisConnection;
  beforeEach(async () => {
    server = await startRedis({ flavour: 'volatile' });
    redis = commandConnection({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('is read on when it had vanished and the clock of Redis was set back', async () => {
    const key = 'cc:{rpc.iam}:commands:iam-1';
    const read: number[] = [];
    const blocking = blockingConnection({ url: server.url, name: 'reader' });
    await whenReady(blocking, 5_000);
    const reader = new FrameReader({
      ...{ blocking, commands: redis, key, onError: () => undefined },
      onFrame: (frame) => void ('sequence' in frame && read.push(frame.sequence)),
    });
    reader.start();
    const until = async (count: number): Promise<void> => {
      while (read.length < count) await redis.exists(key);
    };
    // An id of the time before the clock was set back by an hour.
    await redis.xadd(key, `${Date.now() + 3_600_000}-0`, 's', 'S', 'n', '1', 'b', 'x');
    await until(1);
    await redis.del(key);
    const frame = { session: 'S', sequence: 2, box: Buffer.from('x'), hello: undefined, replyTo: undefined };
    await sendFrame(redis, key, frame);
    await until(2);
    expect(read.slice(0, 2)).toEqual([1, 2]);
    await reader.stop();
  });
});
