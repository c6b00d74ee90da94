import { join } from 'node:path';
import { assertPortFree, freePort } from './ports';
import { type RedisFlavour } from './redis-config';
import { findRedisServer, redisServer } from './redis-server';
import { type StartedServer, startServer } from './start-server';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';

export interface StartRedisOptions {
  /** default `durable` */
  readonly flavour?: RedisFlavour;
  /** kept after `stop`; default: a temporary folder, which `stop` removes */
  readonly dir?: string;
  /** default: a free one */
  readonly port?: number;
  /** default true: a killed server comes back */
  readonly restart?: boolean;
  readonly maxMemoryBytes?: number;
  /** with a user for the bridge of the gateways */
  readonly bridge?: boolean;
  /** where to look for redis-server; default: the standard folders */
  readonly path?: string;
}

export interface StartedRedis extends StartedServer {
  /** as the user of the bridge, if there is one */
  readonly bridgeUrl: string | undefined;
}

const STANDARD_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/bin';

/** @throws Error when there is none, with the fix */
export function redisExecutable(path = STANDARD_PATH): string {
  const executable = findRedisServer(path);
  if (executable === undefined)
    throw new Error('No redis-server or valkey-server found. Install one: sudo apt-get install redis-server');
  return executable;
}

/** A private Redis, ready to serve. For tests and tools; the launcher uses `redisServer`. */
export async function startRedis(options: StartRedisOptions = {}): Promise<StartedRedis> {
  const executable = redisExecutable(options.path);
  const port = options.port ?? (await freePort());
  await assertPortFree(port, 'Pass another port to startRedis.');
  const directory = options.dir ?? temporaryDirectory('concordat-redis-');
  const flavour = options.flavour ?? 'durable';
  const { process, url, bridgeUrl } = await redisServer(
    {
      name: `redis (${flavour})`,
      flavour,
      directory,
      port,
      logFile: join(directory, 'redis.log'),
      executable,
      bridge: options.bridge ?? false,
      ...(options.maxMemoryBytes === undefined ? {} : { maxMemoryBytes: options.maxMemoryBytes }),
    },
    { restart: options.restart ?? true },
  );
  const cleanUp = options.dir === undefined ? () => removeTemporaryDirectory(directory) : () => undefined;
  return Object.assign(await startServer({ process, url, port, directory, cleanUp }), { bridgeUrl });
}
