import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Account, postgresAccount } from './postgres-account';
import { shellWord } from './folder-errors';
import { findPostgresBinaries, type PostgresBinaries, reachableBinaries } from './postgres-binaries';
import { provideOpenDirectory, providePrivateDirectory, writePrivateFile } from './private-files';

/** Where what an unprivileged PostgreSQL must reach goes when it cannot reach our own folder. */
export const SYSTEM_DIRECTORY = '/var/lib/concordat';

/** In our folder; its one line is the folder of the cluster. */
const NOTE = 'moved-to';
/** Beside a moved cluster; its one line is the folder that has the note. */
export const OWNER_NOTE = 'owner';

export interface PostgresHome {
  readonly binaries: PostgresBinaries;
  /** undefined: it runs as we do */
  readonly account: Account | undefined;
  /** the data directory of the server */
  readonly cluster: string;
  /** the folder that `cluster` lies in */
  readonly parent: string;
}

/**
 * Decides who runs PostgreSQL and where its data lies. Ordinarily that is us, in `<directory>/cluster`. As root it is
 * an unprivileged account (`postgres-account.ts`), and where that cannot reach the folder, the cluster goes below
 * `/var/lib/concordat` and a note stays behind.
 */
export async function postgresHome(
  directory: string,
  systemDirectory = SYSTEM_DIRECTORY,
): Promise<PostgresHome> {
  const binaries = await findPostgresBinaries();
  const root = process.getuid?.() === 0;
  await providePrivateDirectory(directory, root ? 0o711 : 0o700);
  const moved = await readNote(directory);
  if (!root) {
    if (moved !== undefined) throw new Error(startedAsRoot(directory, moved));
    return { binaries, account: undefined, cluster: join(directory, 'cluster'), parent: directory };
  }
  if (moved !== undefined) await keepOwner(directory, moved);
  const account = (await postgresAccount(join(moved ?? directory, 'cluster')))!;
  const parent = moved ?? (await reachableParent(directory, account, systemDirectory));
  return {
    binaries: await reachableBinaries(binaries, account, systemDirectory),
    account,
    cluster: join(parent, 'cluster'),
    parent,
  };
}

/** Where the cluster of a folder was moved to; undefined when it lies in the folder itself. */
export async function movedCluster(directory: string): Promise<string | undefined> {
  const note = await readFile(join(directory, NOTE), 'utf8').catch(() => undefined);
  return note?.trim();
}

async function readNote(directory: string): Promise<string | undefined> {
  const target = await movedCluster(directory);
  if (target === undefined) return undefined;
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  throw new Error(
    `The PostgreSQL data of ${directory} was moved to ${target}, which no longer exists. Restore that folder from a ` +
      `backup; or, to begin with an empty database, delete ${join(directory, NOTE)}.`,
  );
}

/**
 * A moved cluster serves one folder. A copy of that folder has its note too, and would change the data of the original;
 * a folder that was moved or renamed takes its cluster along.
 */
async function keepOwner(directory: string, moved: string): Promise<void> {
  const ownerFile = join(moved, OWNER_NOTE);
  const owner = (await readFile(ownerFile, 'utf8').catch(() => '')).trim();
  if (owner === resolve(directory)) return;
  if (owner !== '' && (await movedCluster(owner)) === moved) {
    // By way of a link, or under a name that a mount gives it, it is no other folder.
    if (await isSameFolder(owner, directory)) return;
    throw new Error(copied(directory, owner, moved));
  }
  await writePrivateFile(ownerFile, `${resolve(directory)}\n`);
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(one), stat(other)]);
  return first.dev === second.dev && first.ino === second.ino;
}

async function reachableParent(
  directory: string,
  account: Account,
  systemDirectory: string,
): Promise<string> {
  if (await canEnter(directory, account)) return directory;
  // A folder that was closed later must not make the data seem lost.
  if (existsSync(join(directory, 'cluster'))) {
    throw new Error(
      `PostgreSQL runs as ${account.name}, which cannot reach its data in ${directory} any more. ` +
        `Let it pass through the folders above: chmod o+x on each of them that others cannot enter.`,
    );
  }
  return move(directory, systemDirectory);
}

/** Asks as the account itself, so that every rule counts: modes, ACLs, mounts. */
async function canEnter(directory: string, { uid, gid }: Account): Promise<boolean> {
  try {
    await promisify(execFile)('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { uid, gid, cwd: '/', env: {} });
    return true;
  } catch {
    return false;
  }
}

/** The random part keeps a new folder at the same path from meeting the cluster of one that was deleted. */
async function move(directory: string, systemDirectory: string): Promise<string> {
  const hash = createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 16);
  const target = join(systemDirectory, `${hash}-${randomBytes(4).toString('hex')}`);
  await provideOpenDirectory(systemDirectory, 0o755);
  await provideOpenDirectory(target, 0o711);
  await writePrivateFile(join(target, OWNER_NOTE), `${resolve(directory)}\n`);
  await writePrivateFile(join(directory, NOTE), `${target}\n`);
  return target;
}

const startedAsRoot = (directory: string, moved: string): string =>
  `The PostgreSQL data of ${directory} was made by root and lies in ${moved}. Run Concordat as root again, or with ` +
  'another --data folder.';

const copied = (directory: string, owner: string, moved: string): string =>
  `${directory} is a copy of ${owner}: both name ${moved} as the place of their PostgreSQL data, which only one may use. ` +
  'Run the original. Or give the copy data of its own: while the original is stopped, ' +
  `cp -a ${shellWord(moved)} ${shellWord(`${moved}-copy`)}, and write that path into ${join(directory, NOTE)}; or, to ` +
  `begin with an empty database, delete ${join(directory, NOTE)}.`;
