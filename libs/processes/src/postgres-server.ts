import { join } from 'node:path';
import { ManagedProcess } from './managed-process';
import { assertListens } from './port-holder';
import {
  DATABASE,
  identity,
  POSTGRES_ENVIRONMENT,
  postmasterPid,
  provideCluster,
  stopOrphan,
  SUPERUSER,
} from './postgres-cluster';
import { postgresHome, type PostgresHome } from './postgres-home';
import { probePostgres } from './postgres-probe';
import { type Supervision } from './process-spec';

export interface PostgresOptions {
  /** for messages and logs */
  readonly name: string;
  /** created when missing; holds the password and, unless it had to be moved, the data */
  readonly directory: string;
  readonly port: number;
  readonly logFile: string;
  /** default `/var/lib/concordat`; see `postgres-home.ts` */
  readonly systemDirectory?: string;
}

export interface PostgresServer {
  readonly process: ManagedProcess;
  /** with the password; keep it out of logs and arguments */
  readonly url: string;
  readonly home: PostgresHome;
}

// Durable, on loopback only, and with logs that hold no data: neither statements nor the values in their errors.
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '50',
  max_wal_size: '512MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** Makes the cluster when there is none (about a second) and returns the process, not yet started. */
export async function postgresServer(
  { name, directory, port, logFile, systemDirectory }: PostgresOptions,
  supervision: Supervision = {},
): Promise<PostgresServer> {
  const home = await postgresHome(directory, systemDirectory);
  const password = await provideCluster(home, directory);
  const { cluster } = home;
  const parameters = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const { uid, gid } = identity(home);
  const process = new ManagedProcess(
    {
      name,
      command: join(home.binaries.root, 'bin', 'postgres'),
      args: ['-D', cluster, '-p', String(port), ...parameters],
      env: POSTGRES_ENVIRONMENT,
      cwd: home.parent,
      user: uid === undefined || gid === undefined ? undefined : { uid, gid },
      logFile,
      beforeStart: () => stopOrphan(cluster),
      probe: async (pid, signal) => {
        if ((await postmasterPid(cluster)) !== pid)
          throw new Error('it has not taken its data directory yet');
        await probePostgres({ port, user: SUPERUSER, database: DATABASE }, signal);
        assertListens(pid, port);
      },
      stopSignal: 'SIGINT',
      stopTimeoutMs: 30_000,
    },
    supervision,
  );
  return { process, url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`, home };
}
