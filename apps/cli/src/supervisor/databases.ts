import { join } from 'node:path';
import {
  findRedisServer,
  postgresServer,
  providePrivateDirectory,
  redisServer,
  redisVersion,
  writePrivateFile,
} from '@concordat/processes';
import { UserError } from '../context';
import { type Environment } from '../environment';
import { type Member } from './fleet';
import { type PortPlan } from './port-plan';
import { type DataFolder } from './provision';

/** The databases that this installation runs itself: those that the environment names no other one for. */
export function ownDatabases({ redisUrl, rpcRedisUrl, databaseUrl }: Environment): string[] {
  return [
    ...(redisUrl === undefined ? ['redis'] : []),
    ...(rpcRedisUrl === undefined ? ['redis-rpc'] : []),
    ...(databaseUrl === undefined ? ['postgres'] : []),
  ];
}

interface DatabaseSettings {
  readonly environment: Environment;
  readonly folder: DataFolder;
  readonly ports: PortPlan;
}

/**
 * Prepares the databases and writes the file with the URL of each, by which the services find it.
 * @returns the processes, not yet started
 */
export async function databaseProcesses(settings: DatabaseSettings): Promise<Member[]> {
  const { environment, folder } = settings;
  const members = await Promise.all([
    redis(settings, 'redis', environment.redisUrl, folder.redisUrlFile),
    redis(settings, 'redis-rpc', environment.rpcRedisUrl, folder.rpcRedisUrlFile),
    postgres(settings),
  ]);
  return members.filter((member) => member !== undefined);
}

async function redis(
  { environment, folder, ports }: DatabaseSettings,
  name: 'redis' | 'redis-rpc',
  givenUrl: string | undefined,
  urlFile: string,
): Promise<Member | undefined> {
  const directory = folder.of(name);
  await providePrivateDirectory(directory);
  if (givenUrl !== undefined) {
    await writePrivateFile(urlFile, givenUrl);
    if (name === 'redis') await provideBridge(folder, environment.bridgeRedisUrl);
    return undefined;
  }
  const executable = findRedisServer(environment.path);
  if (executable === undefined) throw new UserError(redisMissing);
  await redisVersion(executable);
  const port = ports.port(name);
  const flavour = name === 'redis' ? 'durable' : 'volatile';
  const logFile = join(folder.logs, `${name}.log`);
  const bridge = name === 'redis' && environment.bridge;
  const server = { name, flavour, directory, port, logFile, executable, bridge } as const;
  const { process, url, bridgeUrl } = await redisServer(server);
  await writePrivateFile(urlFile, url);
  if (name === 'redis') await provideBridge(folder, bridgeUrl);
  return { stage: 'database', process, port };
}

/** The file by which the gateways find their user for the bridge; without one the bridge is off. */
async function provideBridge({ bridgeRedisUrlFile }: DataFolder, url: string | undefined): Promise<void> {
  if (url !== undefined) await writePrivateFile(bridgeRedisUrlFile, url);
}

export const redisMissing =
  'There is no redis-server or valkey-server on the PATH. Install one (Debian, Ubuntu: sudo apt-get install -y ' +
  'redis-server; macOS: brew install redis), or set CONCORDAT_REDIS_URL and CONCORDAT_RPC_REDIS_URL.';

async function postgres({ environment, folder, ports }: DatabaseSettings): Promise<Member | undefined> {
  const directory = folder.of('postgres');
  if (environment.databaseUrl !== undefined) {
    await providePrivateDirectory(directory);
    await writePrivateFile(folder.databaseUrlFile, environment.databaseUrl);
    return undefined;
  }
  const port = ports.port('postgres');
  const logFile = join(folder.logs, 'postgres.log');
  const { process, url } = await postgresServer({ name: 'postgres', directory, port, logFile });
  await writePrivateFile(folder.databaseUrlFile, url);
  return { stage: 'database', process, port };
}
