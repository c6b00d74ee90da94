import { fromBase64url, lengthPrefixed } from './bytes';
import { equalConstantTime, sha256 } from './hash';

/** Hash before the first entry of a chain. */
export const chainStart: Uint8Array = new Uint8Array(32);

/**
 * One step of a hash chain: SHA-256 over a label, the hash before and the length-prefixed parts of the entry. Whoever
 * holds the last hash can tell whether any entry before it was changed, dropped or moved.
 */
export const chainHash = (before: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  sha256('concordat/chain/v1', before, lengthPrefixed(...parts));

/**
 * Whether an entry hashes to what it says, starting from the hash that it names as its predecessor's.
 * @param prevHash base64url, like `hash`; malformed ones are no link
 */
export function isChainLink(prevHash: string, hash: string, parts: readonly string[]): boolean {
  const before = fromBase64url(prevHash);
  const claimed = fromBase64url(hash);
  // A longer `before` could hold the first parts of the entry: what is hashed does not say where it ends.
  if (before?.byteLength !== chainStart.byteLength || !claimed) return false;
  return equalConstantTime(chainHash(before, ...parts), claimed);
}

/** What is signed of a chain that is published in batches: its source, the id of the last entry, and the hash there. */
export const chainHeadBytes = (source: string, entryId: string, hash: string): Uint8Array =>
  lengthPrefixed('concordat/chain-head/v1', source, entryId, hash);
