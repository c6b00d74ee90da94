import type { KeyPath } from '@concordat/contracts';

/** A key for data, unwrapped. 32 bytes; never logged, never stored in this form. */
export interface DataKey {
  /** Random name of the key; travels with what it encrypts. */
  readonly kid: string;
  readonly key: Uint8Array;
}

/**
 * Keys that can be destroyed. What is encrypted under a key is forgotten, everywhere and in every copy, the moment its
 * key is gone; so keys live in a store of their own, apart from the data and with backups of their own.
 *
 * A key belongs to a tenant and a path; every part of the path is wrapped by the key of the part before it, the first
 * by the root key. Destroying a key destroys everything below it.
 */
export interface Keystore {
  /** The key at `path`. Made, with its parents, when there is none; when this resolves, it survives a power cut. */
  obtain(tenant: string, path: KeyPath): Promise<DataKey>;
  /** @returns undefined when there is no such key, because it was destroyed or belongs to another tenant */
  find(tenant: string, kid: string): Promise<DataKey | undefined>;
  /** Destroys the key at `path` and all below it, for good. @returns how many keys there were; 0 when it was done before */
  destroy(tenant: string, path: KeyPath): Promise<number>;
  close(): Promise<void>;
}

export const formatPath = (path: KeyPath): string => JSON.stringify(path);
