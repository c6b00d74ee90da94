import { randomBytes } from 'node:crypto';
import { aeadOpen, aeadSeal, lengthPrefixed, toBase64url } from '@concordat/crypto';
import type { KeyPath } from '@concordat/contracts';
import QuickLRU from 'quick-lru';
import { type DataKey, formatPath, type Keystore } from './keystore';
import type { RootKey } from './root-key';

/** A key as it is kept: wrapped. */
export interface KeyRecord {
  readonly kid: string;
  readonly tenant: string;
  readonly path: string;
  readonly parentKid: string | null;
  readonly wrapped: Uint8Array;
}

/** Where wrapped keys are kept. Every method that changes something is durable when it resolves. */
export interface KeyRecords {
  byPath(tenant: string, path: string): KeyRecord | undefined;
  byKid(kid: string): KeyRecord | undefined;
  /** Keeps the record unless its (tenant, path) is taken. @returns the one that is there then */
  insert(record: KeyRecord): Promise<KeyRecord>;
  /** Removes the record at (tenant, path) and all below it. @returns their kids */
  remove(tenant: string, path: string): Promise<string[]>;
  /** Overwrites what removed records have left in files. Does nothing when there is nothing left. @throws Error to repeat */
  purge(): Promise<void>;
  close(): Promise<void>;
}

const cacheSize = 10_000;

/** The keystore over any place for wrapped keys; unwrapped keys are cached in memory, up to a bound. */
export class CachingKeystore implements Keystore {
  readonly #cache = new QuickLRU<string, DataKey & { readonly tenant: string }>({ maxSize: cacheSize });
  readonly #making = new Map<string, Promise<DataKey>>();
  /** How often keys were destroyed: what was unwrapped meanwhile is looked at once more. */
  #destructions = 0;

  constructor(
    private readonly records: KeyRecords,
    private readonly root: RootKey,
  ) {}

  async obtain(tenant: string, path: KeyPath): Promise<DataKey> {
    const record = this.records.byPath(tenant, formatPath(path));
    if (record) return this.#unwrap(record);
    // One maker per path: concurrent callers wait for the same key.
    const name = `${tenant} ${formatPath(path)}`;
    const making =
      this.#making.get(name) ?? this.#make(tenant, path).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  async find(tenant: string, kid: string): Promise<DataKey | undefined> {
    const cached = this.#cache.get(kid);
    if (cached) return cached.tenant === tenant ? cached : undefined;
    const record = this.records.byKid(kid);
    return record?.tenant === tenant ? this.#unwrap(record) : undefined;
  }

  async destroy(tenant: string, path: KeyPath): Promise<number> {
    const kids = await this.records.remove(tenant, formatPath(path));
    this.#destructions += 1;
    // Not overwritten in memory: a caller that is just sealing with it would then seal under a key of zeros.
    for (const kid of kids) this.#cache.delete(kid);
    // Also when there was nothing to remove: an earlier call may have failed here, and this one is its repetition.
    await this.records.purge();
    return kids.length;
  }

  async close(): Promise<void> {
    this.#cache.clear();
    await this.records.close();
  }

  async #make(tenant: string, path: KeyPath): Promise<DataKey> {
    const parent =
      path.length > 1 ? await this.obtain(tenant, path.slice(0, -1) as unknown as KeyPath) : undefined;
    const kid = toBase64url(randomBytes(16));
    const key = new Uint8Array(randomBytes(32));
    const aad = wrapContext(tenant, formatPath(path), kid);
    const wrapped = parent ? aeadSeal(parent.key, key, aad) : await this.root.wrap(key, aad);
    const draft = { kid, tenant, path: formatPath(path), parentKid: parent?.kid ?? null, wrapped };
    return this.#unwrap(await this.records.insert(draft));
  }

  async #unwrap(record: KeyRecord): Promise<DataKey> {
    const cached = this.#cache.get(record.kid);
    if (cached) return cached;
    const aad = wrapContext(record.tenant, record.path, record.kid);
    const destructions = this.#destructions;
    const key = await this.#unwrapBytes(record, aad);
    // Destroyed while the root key was asked: then nothing may remember it.
    if (destructions !== this.#destructions && !this.records.byKid(record.kid))
      return { kid: record.kid, key };
    const dataKey = { kid: record.kid, key, tenant: record.tenant };
    this.#cache.set(record.kid, dataKey);
    return dataKey;
  }

  async #unwrapBytes(record: KeyRecord, aad: Uint8Array): Promise<Uint8Array> {
    if (record.parentKid === null) return this.root.unwrap(record.wrapped, aad);
    const parent = await this.find(record.tenant, record.parentKid);
    if (!parent) throw new Error(`key ${record.kid} is orphaned: the key that wraps it is missing`);
    return aeadOpen(parent.key, record.wrapped, aad);
  }
}

const wrapContext = (tenant: string, path: string, kid: string): Uint8Array =>
  lengthPrefixed('concordat/keystore/v1', tenant, path, kid);
