import { getPublicKey, hashes, sign, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';

// noble-ed25519 leaves the hash to its user; ours is the audited one beside it.
hashes.sha512 = sha512;

/** Ed25519 in plain JavaScript (@noble/ed25519): for browsers and edge runtimes that lack it in their crypto API. */
export const portablePublicKey = (secretKey: Uint8Array): Uint8Array => getPublicKey(secretKey);

/** @returns 64 bytes, R ‖ S; equal to that of `ed25519Sign`, since Ed25519 is deterministic */
export const portableSign = (message: Uint8Array, secretKey: Uint8Array): Uint8Array =>
  sign(message, secretKey);

/** RFC 8032 rules rather than ZIP 215: non-canonical points are refused. */
export function portableVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
