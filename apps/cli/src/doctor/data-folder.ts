import { constants } from 'node:fs';
import { access, lstat, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { explainFolder, shellWord } from '@concordat/processes';
import { adminKeyFix, isAdminKeyLost } from '../supervisor/admin-key';
import { claimFolder } from '../supervisor/claim-folder';
import { dataFolder } from '../supervisor/provision';
import { broken, examined, type Finding, ok } from './finding';

const OTHERS = 0o077;
/** Passing through without looking is what PostgreSQL needs when root runs it as a user of its own. */
const LOOKING = OTHERS & ~0o011;

/** Whether the folder is there, ours, usable and closed, and whether its secrets are. */
export async function examineDataFolder(directory: string): Promise<Finding[]> {
  const found = await examined('data folder', () => folderItself(directory));
  if (found.some(({ status }) => status === 'broken')) return found;
  return [
    ...found,
    ...(await examined('secrets', () => looseSecrets(directory))),
    ...(await examined('admin key', () => adminKey(directory))),
  ];
}

async function folderItself(directory: string): Promise<Finding> {
  const name = 'data folder';
  await claimFolder(directory);
  if ((await lstat(directory).catch(() => undefined)) === undefined)
    return ok(name, `${directory} (made by the first ./concordat up)`);
  const { mode } = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    throw explainFolder(directory, error);
  });
  await access(directory, constants.R_OK | constants.W_OK | constants.X_OK).catch(
    (error: NodeJS.ErrnoException) => {
      throw explainFolder(directory, error);
    },
  );
  const octal = (mode & 0o777).toString(8);
  if ((mode & LOOKING) === 0) return ok(name, `${directory} (mode ${octal})`);
  const detail = `${directory} has mode ${octal}: others can look into it`;
  return broken(name, detail, `chmod 700 ${shellWord(directory)}`);
}

const secretNames = /(\.key|\.acl|\/password|\/url|^run\.json|^cli\/current|^cli\/agents\/.+\.json(\.new)?)$/;
/** What the databases keep below is as closed as their folder, and much. */
const notOurs = /^(logs|postgres\/cluster.*|redis(-rpc)?\/data)$/;
const DEPTH = 4;

async function looseSecrets(directory: string): Promise<Finding[]> {
  const loose: Finding[] = [];
  for await (const file of filesBelow(directory)) {
    if (!secretNames.test(relative(directory, file))) continue;
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || (found.mode & OTHERS) === 0) continue;
    const detail = `${file} has mode ${(found.mode & 0o777).toString(8)}: others can read or change it`;
    loose.push(broken('secrets', detail, `chmod 600 ${shellWord(file)}`));
  }
  return loose;
}

async function* filesBelow(root: string, folder = root, depth = DEPTH): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield path;
    else if (depth > 1 && !notOurs.test(relative(root, path))) yield* filesBelow(root, path, depth - 1);
  }
}

async function adminKey(directory: string): Promise<Finding[]> {
  const folder = dataFolder(directory);
  if (!(await isAdminKeyLost(folder))) return [];
  return [broken('admin key', `${folder.adminKeyFile} is missing`, adminKeyFix(folder))];
}
