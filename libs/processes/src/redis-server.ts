import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from './executables';
import { ManagedProcess } from './managed-process';
import { stopOrphanServer } from './orphan-server';
import { assertListens } from './port-holder';
import { providePrivateDirectory, provideSecret, writePrivateFile } from './private-files';
import { type Supervision } from './process-spec';
import {
  defaultMaxMemoryBytes,
  redisAcl,
  redisBridgeAcl,
  redisConfig,
  type RedisFlavour,
} from './redis-config';
import { probeRedis } from './redis-probe';

/** Streams with trimming by id and functions in Lua; Debian 12 brings it. */
const LOWEST_MAJOR = 7;

export interface RedisOptions {
  /** for messages and logs: `redis`, `redis-rpc` */
  readonly name: string;
  readonly flavour: RedisFlavour;
  /** created when missing; holds redis.conf, users.acl, password and the data */
  readonly directory: string;
  readonly port: number;
  readonly logFile: string;
  /** from `findRedisServer` */
  readonly executable: string;
  readonly maxMemoryBytes?: number;
  /** for a node of a cluster: the port at which nodes speak with each other */
  readonly busPort?: number;
  /** with a user for the bridge of the gateways, which may make users */
  readonly bridge?: boolean;
}

export interface RedisServer {
  readonly process: ManagedProcess;
  /** with the password; keep it out of logs and arguments */
  readonly url: string;
  /** as the user of the bridge, if there is one */
  readonly bridgeUrl: string | undefined;
}

/** @param path like $PATH @returns undefined when there is none */
export const findRedisServer = (path: string): string | undefined =>
  findExecutable(['redis-server', 'valkey-server'], path);

/**
 * "7.0.15", "8.1.0" …
 * @throws Error when it does not run or is older than Redis 7.0, with the fix
 */
export async function redisVersion(executable: string): Promise<string> {
  const { stdout } = await promisify(execFile)(executable, ['--version'], { timeout: 5_000 });
  const version = /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined)
    throw new Error(`${executable} --version said "${stdout.trim()}", not a version.`);
  if (Number.parseInt(version, 10) < LOWEST_MAJOR) {
    throw new Error(
      `${executable} is version ${version}; Concordat needs ${LOWEST_MAJOR}.0 or newer. ` +
        'Install a newer one (https://redis.io/docs/latest/operate/oss_and_stack/install/) or set CONCORDAT_REDIS_URL and CONCORDAT_RPC_REDIS_URL.',
    );
  }
  return version;
}

/** Writes the configuration of a private Redis and returns the process, not yet started. */
export async function redisServer(
  options: RedisOptions,
  supervision: Supervision = {},
): Promise<RedisServer> {
  const { name, flavour, directory, port, logFile, executable, busPort } = options;
  const data = join(directory, 'data');
  await providePrivateDirectory(directory);
  await providePrivateDirectory(data);
  const password = await provideSecret(join(directory, 'password'));
  const configFile = join(directory, 'redis.conf');
  const aclFile = join(directory, 'users.acl');
  const pidFile = join(directory, 'redis.pid');
  const maxMemoryBytes = options.maxMemoryBytes ?? defaultMaxMemoryBytes();
  const bridgePassword = options.bridge ? await provideSecret(join(directory, 'bridge-password')) : undefined;
  const bridgeAcl = bridgePassword === undefined ? '' : redisBridgeAcl(bridgePassword);
  await writePrivateFile(aclFile, redisAcl(password, busPort !== undefined) + bridgeAcl);
  await writePrivateFile(
    configFile,
    redisConfig({ flavour, port, directory: data, aclFile, pidFile, maxMemoryBytes, busPort }),
  );
  const process = new ManagedProcess(
    {
      name,
      command: executable,
      args: [configFile],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: data,
      logFile,
      beforeStart: async () =>
        void (await stopOrphanServer({ pidFile, directory: data, programs: ['redis', 'valkey'] })),
      probe: (pid, signal) => {
        // First, so that nobody else at this port is sent the password.
        assertListens(pid, port);
        return probeRedis({ port, password, pid }, signal);
      },
      // It rewrites nothing at the end: with `always` the AOF is complete at every moment.
      stopTimeoutMs: 15_000,
    },
    supervision,
  );
  const bridgeUrl = bridgePassword && `redis://bridge:${bridgePassword}@127.0.0.1:${port}`;
  return { process, url: `redis://:${password}@127.0.0.1:${port}`, bridgeUrl };
}
