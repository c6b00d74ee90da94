import { lengthPrefixed } from './bytes';
import { sha256 } from './hash';

/** Hash before the first entry of a chain. */
export const chainStart: Uint8Array = new Uint8Array(32);

/**
 * One step of a hash chain: SHA-256 over a label, the hash before and the length-prefixed parts of the entry. Whoever
 * holds the last hash can tell whether any entry before it was changed, dropped or moved.
 */
export const chainHash = (before: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  sha256('concordat/chain/v1', before, lengthPrefixed(...parts));
