import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BackupManifest, syncPath } from '@concordat/eventsourcing';
import { type KeyRecord, openKeys, readKeyRecords, type RootKey, sealKeys } from '@concordat/keystore';

/** Beside a backup of events: the keys of that time. */
export const keysFileOf = (backup: string): string => `${backup}.keys`;

/** What is left of it when its making was cut off. It opens as the whole does. */
export const keysDraftOf = (backup: string): string => `${keysFileOf(backup)}.partial`;

/** Bound to its backup: the keys of one do not pass for those of another. */
const contextOf = ({ source, head, hash, createdAt }: BackupManifest): string[] => [
  source,
  head,
  hash,
  createdAt,
];

/**
 * Copies the keys of a keystore, which may be in use, beside a backup that was made before: so none that its events need is
 * missing, but those that were destroyed since. Read as a restore would before it counts.
 * @param file of the keystore
 * @returns how many keys there are in it
 */
export async function backUpKeys(
  file: string,
  root: RootKey,
  backup: string,
  manifest: BackupManifest,
): Promise<number> {
  const [target, draft] = [keysFileOf(backup), keysDraftOf(backup)];
  try {
    const text = await sealKeys(readKeyRecords(file), root, contextOf(manifest));
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    const written = await openKeys(readFileSync(draft, 'utf8'), root, contextOf(manifest));
    renameSync(draft, target);
    syncPath(dirname(target));
    return written.length;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @returns undefined when the backup has no keys @throws Error saying what is wrong with them */
export async function keysOf(
  backup: string,
  manifest: BackupManifest,
  root: RootKey,
): Promise<readonly KeyRecord[] | undefined> {
  const file = keysFileOf(backup);
  if (!existsSync(file)) return undefined;
  try {
    return await openKeys(readFileSync(file, 'utf8'), root, contextOf(manifest));
  } catch (cause) {
    const why = `${file} was changed, belongs to another backup, or was made under another root key`;
    throw new Error(`${why}: ${(cause as Error).message}`, { cause });
  }
}
