import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fromBase64url, toBase64url } from '@concordat/crypto';

/**
 * A secret in a file that only its owner can read (mode 0600), as one line of base64url.
 * @param byteLength expected length of the secret
 * @throws Error when others can read the file, or when it does not hold such a secret; the message never quotes it
 */
export function readSecretFile(file: string, byteLength: number): Uint8Array {
  const { mode } = statSync(file);
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}); run: chmod 600 '${file}'`,
    );
  }
  const secret = fromBase64url(readFileSync(file, 'utf8').trim());
  if (secret?.byteLength !== byteLength)
    throw new Error(`${file} does not hold ${byteLength} bytes in base64url`);
  return secret;
}

/**
 * Reads the secret, or makes it first. Made whole or not at all, and durable before it is used; when two processes make
 * it at once, both get the one that was first.
 * @param guarded file that is of no use without the secret: where it is, the secret was lost and no other one will do
 * @returns `isNew`, so that the caller can tell the operator to keep a copy
 * @throws Error as `readSecretFile`, and when the secret was lost
 */
export function obtainSecretFile(
  file: string,
  byteLength: number,
  guarded?: string,
): { secret: Uint8Array; isNew: boolean } {
  try {
    return { secret: readSecretFile(file, byteLength), isNew: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (guarded !== undefined && existsSync(guarded)) {
    throw new Error(
      `${file} is missing, and ${guarded} cannot be used without it. Put back your copy of ${file}.`,
    );
  }
  const isNew = writeSecretFile(file, toBase64url(randomBytes(byteLength)));
  return { secret: readSecretFile(file, byteLength), isNew };
}

/** Writes `text` to a new file of mode 0600. @returns false when the file was there already; it is left as it is */
export function writeSecretFile(file: string, text: string): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, `${text}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(draft, file);
    syncFolder(dirname(file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
