import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type KeysFound, readManifest, removeDatabase, syncPath } from '@concordat/eventsourcing';
import {
  fileRootKey,
  type KeyRecord,
  type Keystore,
  openEach,
  openKeystore,
  readKeyRecords,
  type RootKey,
  writeKeyRecords,
} from '@concordat/keystore';
import { keysFileOf, keysOf } from './key-backups';

/** What maintenance has to know to open a keystore. */
export interface KeystorePlace {
  readonly dataDir: string;
  readonly now: () => Date;
}

export const keystoreFile = (dataDir: string): string => join(dataDir, 'keys.db');

/** @param wrapped a file that is of no use without it: then no new one is made @throws Error when it is missing */
export const rootKeyOf = (dataDir: string, wrapped: string): RootKey =>
  fileRootKey(join(dataDir, 'root.key'), wrapped, () => undefined);

/** @throws Error when there is no keystore */
export async function withKeystore<T>(
  place: KeystorePlace,
  use: (keystore: Keystore) => Promise<T>,
): Promise<T> {
  const file = keystoreFile(place.dataDir);
  if (!existsSync(file))
    throw new Error(
      `${file} is missing: without it no sealed field can be read. Put it back first, with root.key; or restore a ` +
        'backup that has keys.',
    );
  return withOpen(file, rootKeyOf(place.dataDir, file), place, use);
}

/** What of a backup a restore goes by. */
export interface RestoredBackup {
  readonly backup: string;
  readonly source: string;
  readonly acceptLoss: boolean;
}

/**
 * The keystore that is there, when it is that of the history: the root key opens it, it goes on from the keys of the backup,
 * and it has what the events are sealed under. It is newer then, and has lost what was destroyed since. Otherwise that of the
 * backup: at another place first, and in its own when all is done, so that no service ever finds keys in it that were
 * ordered destroyed.
 * @param use `judge` is to be told what keys the restored events need, before anything is changed
 * @returns how many keys were taken from the backup; null: the keystore was there
 * @throws Error when there is neither, saying what to put back
 */
export async function withRestoredKeystore<T>(
  place: KeystorePlace,
  from: RestoredBackup,
  use: (keystore: Keystore, judge?: (keys: KeysFound) => void) => Promise<T>,
): Promise<{ readonly result: T; readonly keysRestored: number | null }> {
  const file = keystoreFile(place.dataDir);
  const kept = existsSync(file) ? await attempt(() => keysInUse(file, place)) : undefined;
  const keysFile = keysFileOf(from.backup);
  const copy = existsSync(keysFile) ? await attempt(() => keysBeside(from, place)) : undefined;
  if (copy?.records && !isOfOneKeystore(kept?.records, copy.records))
    return {
      result: await withCopied(place, keysFile, copy.records, use),
      keysRestored: copy.records.length,
    };
  if (!kept?.records && (copy ?? kept)) throw (copy ?? kept)!.problem;
  const judge = (keys: KeysFound): void => requireKeys(keys, { file, keysFile, copy }, from);
  return { result: await withKeystore(place, (keystore) => use(keystore, judge)), keysRestored: null };
}

/** Keys that all open, or why they cannot be used. */
type Attempt =
  | { readonly records: readonly KeyRecord[]; readonly problem?: undefined }
  | { readonly records?: undefined; readonly problem: Error };

async function attempt(read: () => Promise<readonly KeyRecord[]>): Promise<Attempt> {
  try {
    return { records: await read() };
  } catch (error) {
    return { problem: error as Error };
  }
}

async function keysInUse(file: string, { dataDir }: KeystorePlace): Promise<readonly KeyRecord[]> {
  const records = readKeyRecords(file);
  await openEach(records, rootKeyOf(dataDir, file));
  return records;
}

async function keysBeside(
  { backup, source }: RestoredBackup,
  { dataDir }: KeystorePlace,
): Promise<readonly KeyRecord[]> {
  const manifest = await readManifest(backup, source);
  return (await keysOf(backup, manifest, rootKeyOf(dataDir, keysFileOf(backup))))!;
}

/** A keystore that was made anew has none of the old keys; one that has gone on has at least those of the service itself. */
function isOfOneKeystore(kept: readonly KeyRecord[] = [], copied: readonly KeyRecord[]): boolean {
  const kids = new Set(copied.map(({ kid }) => kid));
  return kept.some(({ kid }) => kids.has(kid));
}

interface Known {
  readonly file: string;
  readonly keysFile: string;
  readonly copy: Attempt | undefined;
}

/** @throws Error saying how the missing keys may be had */
function requireKeys(
  { needed, missing }: KeysFound,
  { file, keysFile, copy }: Known,
  { acceptLoss }: RestoredBackup,
): void {
  if (missing === 0 || (acceptLoss && !copy?.problem)) return;
  const has = `${file} lacks ${missing} of the ${needed} keys that the events are sealed under, and none of these was ordered destroyed`;
  const advice = copy?.problem
    ? `${copy.problem.message} Put back the root.key of the time of the backup: then its keys are used. To go on without ` +
      `them, move ${keysFile} away and add --accept-loss.`
    : copy
      ? 'Put back the newest copy of it, or move it away: then the keys of the backup are used. To go on without the ' +
        'missing ones: --accept-loss.'
      : 'Put back the keys.db and the root.key of the time of the backup, or use a backup that has keys. To go on without ' +
        'the missing ones: --accept-loss.';
  throw new Error(`${has}. Nothing was changed. ${advice}`);
}

async function withCopied<T>(
  place: KeystorePlace,
  keysFile: string,
  records: readonly KeyRecord[],
  use: (keystore: Keystore) => Promise<T>,
): Promise<T> {
  const file = keystoreFile(place.dataDir);
  const draft = `${file}.restoring`;
  removeDatabase(draft);
  try {
    writeKeyRecords(draft, records, place.now().toISOString());
    const result = await withOpen(draft, rootKeyOf(place.dataDir, keysFile), place, use);
    const replaced = `${file}.replaced-${place.now().toISOString().replace(/[:.]/g, '')}`;
    for (const suffix of ['', '-wal', '-shm'])
      if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${replaced}${suffix}`);
    renameSync(draft, file);
    syncPath(place.dataDir);
    return result;
  } finally {
    removeDatabase(draft);
  }
}

async function withOpen<T>(
  file: string,
  root: RootKey,
  { now }: KeystorePlace,
  use: (keystore: Keystore) => Promise<T>,
): Promise<T> {
  const onFailure = (): never => process.exit(1);
  const keystore = openKeystore({ ...{ file, root, onFailure }, now: () => now().toISOString() });
  try {
    return await use(keystore);
  } finally {
    await keystore.close();
  }
}
