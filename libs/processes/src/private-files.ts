import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFolder, PermissionsError, shellWord } from './folder-errors';

const OTHERS = 0o077;

/**
 * Writes a file that only its owner reads, at once or not at all: others see the old content or the new one.
 * @param owner whom the file belongs to, when this process is root
 */
export async function writePrivateFile(
  file: string,
  content: string,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Reads a secret. @returns undefined when the file is missing
 * @param ifRead what to do when others did read it; only the caller knows whether a new one can take its place
 * @throws PermissionsError when others may read it: then it may have been read already
 */
export async function readSecret(
  file: string,
  ifRead = 'Otherwise it is no secret any more: replace it.',
): Promise<string | undefined> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  if ((found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new PermissionsError(
      `The secret ${file} has mode ${mode}: others on this machine can read or change it. ` +
        `If nobody did, run: chmod 600 ${shellWord(file)}. ${ifRead}`,
    );
  }
  return (await readFile(file, 'utf8')).trim();
}

/** For a secret that whoever makes it also hands to everyone who needs it. */
export const MADE_ANEW = 'Otherwise delete it, so that a new one is made.';

/** The secret of a file; on the first call a new one: 32 random bytes, base64url. @param ifRead see `readSecret` */
export async function provideSecret(file: string, ifRead = MADE_ANEW): Promise<string> {
  const known = await readSecret(file, ifRead);
  if (known !== undefined && known !== '') return known;
  const secret = randomBytes(32).toString('base64url');
  await writePrivateFile(file, secret);
  return secret;
}

/**
 * Makes sure that a folder is there, that others have no access to it, and that we can write to it.
 * @param mode 0o711 lets another user pass through without reading
 */
export async function providePrivateDirectory(directory: string, mode: 0o700 | 0o711 = 0o700): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode });
    const found = await stat(directory);
    if (!found.isDirectory()) throw new PermissionsError(`${directory} is not a folder.`);
    if ((found.mode & 0o777) !== mode) await chmod(directory, mode);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof PermissionsError) throw error;
    throw explainFolder(directory, error as NodeJS.ErrnoException);
  }
}

/** Makes a folder, and its parents, that everyone may pass through, whatever the umask; one that exists stays as it is. */
export async function provideOpenDirectory(directory: string, mode: 0o711 | 0o755): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) await chmod(made, mode);
}
