import { execFile, spawn } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pidOfFile, stopOrphanServer } from './orphan-server';
import { type PostgresHome } from './postgres-home';
import { isZombie } from './process-identity';
import { MADE_ANEW, provideSecret, readSecret, writePrivateFile } from './private-files';

export const DATABASE = 'concordat';
export const SUPERUSER = 'concordat';
export const POSTGRES_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const INITDB_TIMEOUT_MS = 120_000;

/**
 * Makes sure that there is a cluster with our superuser, its password and the database. A new one is built aside and
 * renamed when it is complete: a kill in between leaves no half cluster.
 * @returns the superuser's password
 */
export async function provideCluster(home: PostgresHome, directory: string): Promise<string> {
  const passwordFile = join(directory, 'password');
  const known = await readSecret(passwordFile, MADE_ANEW);
  const password = await provideSecret(passwordFile);
  const version = await readFile(join(home.cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) {
    await createCluster(home, password);
    return password;
  }
  assertSameMajor(version.trim(), home);
  if (known === undefined) {
    // The password file was lost or deleted; the server is not running, so its owner may set a new one.
    await stopOrphan(home.cluster);
    await singleUser(home, home.cluster, [`ALTER USER ${SUPERUSER} PASSWORD '${password}'`]);
  }
  return password;
}

async function createCluster(home: PostgresHome, password: string): Promise<void> {
  const draft = join(home.parent, 'cluster.new');
  const passwordCopy = join(home.parent, 'initdb-password');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (home.account !== undefined) await chown(draft, home.account.uid, home.account.gid);
  await writePrivateFile(passwordCopy, password, home.account);
  try {
    await promisify(execFile)(
      join(home.binaries.root, 'bin', 'initdb'),
      initdbArguments(draft, passwordCopy),
      {
        ...identity(home),
        cwd: draft,
        env: POSTGRES_ENVIRONMENT,
        timeout: INITDB_TIMEOUT_MS,
      },
    );
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`PostgreSQL's initdb failed in ${home.parent}: ${stderr?.trim() || message}`, {
      cause: error,
    });
  } finally {
    await rm(passwordCopy, { force: true });
  }
  await singleUser(home, draft, [`CREATE DATABASE ${DATABASE}`]);
  await rename(draft, home.cluster);
}

const initdbArguments = (cluster: string, passwordFile: string): string[] => [
  `--pgdata=${cluster}`,
  '--auth=scram-sha-256',
  `--username=${SUPERUSER}`,
  `--pwfile=${passwordFile}`,
  '--encoding=UTF8',
  '--locale=C',
];

/** Runs statements without a server; they come through stdin, so that a password is in no argument and no log. */
async function singleUser(home: PostgresHome, cluster: string, statements: readonly string[]): Promise<void> {
  const args = ['--single', '-D', cluster, '-c', 'log_min_error_statement=panic', 'template1'];
  const child = spawn(join(home.binaries.root, 'bin', 'postgres'), args, {
    ...identity(home),
    cwd: cluster,
    env: POSTGRES_ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stdin.on('error', () => undefined).end(`${statements.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0 || /\b(ERROR|FATAL|PANIC):/.test(printed))
    throw new Error(`PostgreSQL could not prepare ${cluster} (exit code ${code}): ${printed.trim()}`);
}

/**
 * Deals with `postmaster.pid`. One of a server that was killed is harmless: PostgreSQL removes it. Two are not: that of
 * an orphan that still runs (its supervisor was killed), which is stopped, and one whose pid still or again belongs to
 * something else, a zombie or another process of the same user, which would keep PostgreSQL from starting for ever.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  // SIGINT is the fast shutdown: it ends sessions and writes a checkpoint.
  const server = { pidFile, directory: cluster, programs: ['postgres'], stopSignal: 'SIGINT' } as const;
  const outcome = await stopOrphanServer(server);
  const pid = await pidOfFile(pidFile);
  if (outcome === 'foreign' || (pid !== undefined && isZombie(pid))) await rm(pidFile, { force: true });
}

/** The first line of postmaster.pid: who serves the cluster, or did. */
export const postmasterPid = (cluster: string): Promise<number | undefined> =>
  pidOfFile(join(cluster, 'postmaster.pid'));

export const identity = ({ account }: PostgresHome): { uid?: number; gid?: number } =>
  account === undefined ? {} : { uid: account.uid, gid: account.gid };

function assertSameMajor(clusterMajor: string, { binaries, cluster }: PostgresHome): void {
  if (binaries.version.split('.')[0] === clusterMajor) return;
  throw new Error(
    `${cluster} was made by PostgreSQL ${clusterMajor}, and this is ${binaries.version}. Export the data with the old ` +
      'version (pg_dump), move the folder away, start, and import it.',
  );
}
