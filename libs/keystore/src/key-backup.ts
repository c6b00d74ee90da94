import { randomBytes } from 'node:crypto';
import { AeadError, aeadOpen, aeadSeal, fromBase64url, lengthPrefixed, toBase64url } from '@concordat/crypto';
import { CachingKeystore, type KeyRecord } from './caching-keystore';
import { MemoryKeyRecords } from './memory-key-records';
import type { RootKey } from './root-key';

const format = 'concordat-keys/v1';

/**
 * All keys of a keystore as a backup holds them: each wrapped as it was, the whole sealed once more under the root key. So
 * it tells nothing without that key, not even whose keys there are, and a key that is left out or put in is noticed.
 * @param context what the keys belong to; they open nowhere else
 */
export async function sealKeys(
  records: readonly KeyRecord[],
  root: RootKey,
  context: readonly string[],
): Promise<string> {
  const rows = records.map(({ wrapped, ...record }) => ({ ...record, wrapped: toBase64url(wrapped) }));
  const aad = aadOf(context);
  const key = new Uint8Array(randomBytes(32));
  const sealed = aeadSeal(key, Buffer.from(JSON.stringify(rows)), aad);
  const wrapped = toBase64url(await root.wrap(key, aad));
  return `${JSON.stringify({ format, key: wrapped, sealed: toBase64url(sealed) })}\n`;
}

/**
 * Opens what `sealKeys` made, and unwraps every key once.
 * @throws AeadError when it was changed, or belongs to something else; Error when a key in it does not open
 */
export async function openKeys(
  text: string,
  root: RootKey,
  context: readonly string[],
): Promise<readonly KeyRecord[]> {
  const aad = aadOf(context);
  const { key, sealed } = partsOf(text);
  const rows = JSON.parse(
    Buffer.from(aeadOpen(await root.unwrap(key, aad), sealed, aad)).toString('utf8'),
  ) as (Omit<KeyRecord, 'wrapped'> & { readonly wrapped: string })[];
  const records = rows.map((row): KeyRecord => ({ ...row, wrapped: fromBase64url(row.wrapped)! }));
  await openEach(records, root);
  return records;
}

/** Unwraps every key once. @throws Error when one does not open, or the key that wraps it is missing */
export async function openEach(records: readonly KeyRecord[], root: RootKey): Promise<void> {
  const keystore = new CachingKeystore(new MemoryKeyRecords(records), root);
  for (const { tenant, kid } of records) await keystore.find(tenant, kid);
  await keystore.close();
}

const aadOf = (context: readonly string[]): Uint8Array => lengthPrefixed(format, ...context);

/** @throws AeadError when it is nothing of the kind */
function partsOf(text: string): { key: Uint8Array; sealed: Uint8Array } {
  try {
    const parts = JSON.parse(text) as Record<string, unknown>;
    const [key, sealed] = [fromBase64url(String(parts['key'])), fromBase64url(String(parts['sealed']))];
    if (parts['format'] === format && key && sealed) return { key, sealed };
  } catch {
    // Said below.
  }
  throw new AeadError();
}
