import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A system user without privileges. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const OWN_ACCOUNT = 'concordat-db';

const creations: readonly (readonly string[])[] = [
  // shadow (Debian, Fedora …), then busybox (Alpine)
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN_ACCOUNT],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', OWN_ACCOUNT],
];

/**
 * The user under which PostgreSQL runs when we are root, which it refuses: the owner of the cluster that exists, else
 * `postgres` of a system package, else one that is created.
 * @returns undefined when we are not root: then it runs as we do
 * @throws Error when no user can be created, with what to do
 */
export async function postgresAccount(existingCluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(existingCluster).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0)
    return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  return (await lookUp('postgres')) ?? (await lookUp(OWN_ACCOUNT)) ?? (await create());
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run(['id', '-u', name]), run(['id', '-g', name])]);
    return { name, uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

async function create(): Promise<Account> {
  const failures: string[] = [];
  for (const command of creations) {
    await run(command).catch((error: Error) => failures.push(error.message.trim()));
    const account = await lookUp(OWN_ACCOUNT);
    if (account !== undefined) return account;
  }
  throw new Error(
    'PostgreSQL refuses to run as root, there is no user "postgres", and none could be created ' +
      `(${failures.join('; ')}). Run as root: ${creations[0]!.join(' ')}; or run Concordat as an ordinary user; ` +
      'or set CONCORDAT_DATABASE_URL to a PostgreSQL of your own.',
  );
}

async function run([command, ...args]: readonly string[]): Promise<string> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  const { stdout } = await promisify(execFile)(command!, args, { env, timeout: 20_000 });
  return stdout.trim();
}
