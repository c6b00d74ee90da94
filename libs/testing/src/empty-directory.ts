import { type OperationOutput, origin } from '@concordat/contracts';
import { blockingConnection, commandConnection, RedisEventLog, whenReady } from '@concordat/streams';
import type { Bench } from './bench';
import { startServiceDouble } from './service-double';

/**
 * Stands in for iam-service where a spec needs no more of it than that it answers: a directory in which nobody is yet.
 * What the spec publishes as events of iam comes after it.
 */
export async function startEmptyDirectory(bench: Bench): Promise<{ stop(): Promise<void> }> {
  const { url } = bench.redis.durable;
  const redis = commandConnection({ url, name: 'directory' });
  await whenReady(redis, 5_000);
  const log = new RedisEventLog(redis, blockingConnection({ url, name: 'directory-reader' }));
  const double = await startServiceDouble(bench, 'iam', async () => {
    const position = (await log.head('iam'))?.at ?? origin;
    const output: OperationOutput<'directory.snapshot'> = { position, items: [], nextCursor: null };
    return { output, position };
  });
  return {
    stop: async () => {
      await double.stop();
      await log.close();
    },
  };
}
