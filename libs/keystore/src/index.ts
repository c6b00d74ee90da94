import { CachingKeystore } from './caching-keystore';
import type { Keystore } from './keystore';
import { MemoryKeyRecords } from './memory-key-records';
import { localRootKey, type RootKey } from './root-key';
import { SqliteKeyRecords } from './sqlite-key-records';

export type { KeyRecord } from './caching-keystore';
export * from './key-backup';
export * from './keystore';
export { readKeyRecords, writeKeyRecords } from './keystore-file';
export * from './root-key';
export * from './sealed-value';
export * from './secret-file';

export interface KeystoreOptions {
  readonly file: string;
  readonly root: RootKey;
  /** RFC 3339 */
  readonly now: () => string;
  /** The writer of the file died: end the process. */
  readonly onFailure: (error: Error) => void;
}

export const openKeystore = ({ file, root, now, onFailure }: KeystoreOptions): Keystore =>
  new CachingKeystore(new SqliteKeyRecords(file, now, onFailure), root);

/** For tests and simulations. */
export const memoryKeystore = (root: RootKey = localRootKey(new Uint8Array(32).fill(7))): Keystore =>
  new CachingKeystore(new MemoryKeyRecords(), root);
