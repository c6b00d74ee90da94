import { existsSync } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFolder, PermissionsError, shellWord } from '@concordat/processes';

/** What is there before the lock of the supervisor is: its log, keys of agents, and what a file system begins with. */
const beforeTheFirstStart = /^(logs|cli|lost\+found|supervisor\.lock\.draft-.*)$/;
const lockFile = /^supervisor\.lock\.\d+$/;

/**
 * Makes sure that a folder may become, or is, a data folder, before anything in it or about it is changed: one that
 * belongs to something else (/tmp, a home) would lose its mode, and one `sudo` in the folder of an ordinary user would
 * leave files that this user cannot use.
 * @param uid who will run it; undefined where the system has no users
 * @throws PermissionsError with the fix
 */
export async function claimFolder(directory: string, uid = process.getuid?.()): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw explainFolder(directory, error);
  });
  if (uid !== undefined) await assertOwner(directory, uid);
  if (isOurs(directory, names)) return;
  const some = names.slice(0, 3).join(', ');
  throw new PermissionsError(
    `The folder ${directory} holds other things (${some}${names.length > 3 ? ' …' : ''}) and is no data folder of ` +
      'Concordat. Nothing was changed. Choose an empty or a new one: --data <dir>.',
  );
}

const isOurs = (directory: string, names: readonly string[]): boolean =>
  names.every((name) => beforeTheFirstStart.test(name)) ||
  names.some((name) => lockFile.test(name)) ||
  existsSync(join(directory, 'identity', 'peers.json'));

async function assertOwner(directory: string, uid: number): Promise<void> {
  const root = await stat(directory).catch(() => undefined);
  if (root === undefined) return;
  if (uid === 0) {
    // What lies in it may belong to others: the data of PostgreSQL does.
    if (root.uid === 0) return;
    throw new PermissionsError(
      `The folder ${directory} belongs to user ${root.uid}, and this is root: what root leaves in it that user could not ` +
        `use. Run it as that user (sudo -u '#${root.uid}' ./concordat …), or choose another folder: --data <dir>.`,
    );
  }
  const foreign = root.uid === uid ? await foreignFiles(directory, uid) : [directory];
  if (foreign.length === 0) return;
  throw new PermissionsError(
    `Files of other users lie in ${directory} (${foreign.join(', ')}), perhaps from a start with sudo: this user could ` +
      `not use them. Run: sudo chown -R "$(id -un)" ${shellWord(directory)}`,
  );
}

const SHOWN = 3;
/** Deep enough for what we make ourselves; what the databases make below is as their folder is. */
const DEPTH = 3;

/** The first few that belong to somebody else. */
async function foreignFiles(directory: string, uid: number, depth = DEPTH): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const entry = await lstat(path).catch(() => undefined);
    if (entry !== undefined && entry.uid !== uid) found.push(path);
    else if (entry?.isDirectory() === true && depth > 1)
      found.push(...(await foreignFiles(path, uid, depth - 1)));
    if (found.length >= SHOWN) return found.slice(0, SHOWN);
  }
  return found;
}
