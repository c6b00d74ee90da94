import { join } from 'node:path';
import {
  findRedisServer,
  freePort,
  isLock,
  type ManagedProcess,
  redisServer,
  takeLock,
  writePrivateFile,
} from '@concordat/processes';
import { UserError } from '../context';
import type { Environment } from '../environment';
import type { Progress } from '../output';
import { redisMissing } from '../supervisor/databases';
import { type DataFolder } from '../supervisor/provision';
import { lockPath, readRunFile } from '../supervisor/run-file';
import { stopOrphans } from '../supervisor/stop-orphans';

const readyMs = 60_000;

/**
 * Runs something while nothing else runs for the data folder, and nothing can be started for it.
 * @throws UserError when it runs
 */
export async function whileStopped<T>(
  folder: DataFolder,
  progress: Progress,
  task: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(lockPath(folder.root));
  if (!isLock(lock)) {
    throw new UserError(
      `Concordat runs for ${folder.root} (process ${lock.pid}), and this needs it stopped. Run: ./concordat down`,
    );
  }
  try {
    const left = await readRunFile(folder.root);
    if (left !== undefined) await stopOrphans(left, progress);
    return await task();
  } finally {
    await lock.release();
  }
}

/** Runs something with the durable Redis of the installation, started for it unless the environment names another. */
export async function withDurableRedis<T>(
  folder: DataFolder,
  environment: Environment,
  progress: Progress,
  task: () => Promise<T>,
): Promise<T> {
  if (environment.redisUrl !== undefined) {
    await writePrivateFile(folder.redisUrlFile, environment.redisUrl);
    return task();
  }
  const executable = findRedisServer(environment.path);
  if (executable === undefined) throw new UserError(redisMissing);
  const options = { name: 'redis', flavour: 'durable', directory: folder.of('redis'), executable } as const;
  const logFile = join(folder.logs, 'redis.log');
  const server = await redisServer({ ...options, port: await freePort(), logFile });
  const redis: ManagedProcess = server.process;
  await writePrivateFile(folder.redisUrlFile, server.url);
  progress.doing('starting the Redis with the event streams');
  redis.start();
  try {
    await redis.whenReady(readyMs);
    progress.end();
    return await task();
  } finally {
    await redis.stop();
  }
}
