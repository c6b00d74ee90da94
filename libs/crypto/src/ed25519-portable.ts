import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { groupOrder, isBytes, isStrictSignature, littleEndian } from './ed25519-encoding';

// noble-ed25519 leaves the hash to its user; ours is the audited one beside it.
hashes.sha512 = sha512;

/** Ed25519 in plain JavaScript (@noble/ed25519): for browsers and edge runtimes that lack it in their crypto API. */
export const portablePublicKey = (secretKey: Uint8Array): Uint8Array => getPublicKey(secretKey);

/** @returns 64 bytes, R ‖ S; equal to that of `ed25519Sign`, since Ed25519 is deterministic */
export const portableSign = (message: Uint8Array, secretKey: Uint8Array): Uint8Array =>
  sign(message, secretKey);

/**
 * Accepts exactly what `ed25519Verify` accepts: the strict encodings, then the equation without the cofactor, R = S·B −
 * k·A (RFC 8032 §5.1.7, step 3). noble's own `verify` multiplies both sides by 8 and so accepts signatures of keys with
 * a part of small order that node:crypto refuses. Never throws for bad input.
 */
export function portableVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    if (!isStrictSignature(signature, publicKey) || !isBytes(message)) return false;
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    const k = littleEndian(sha512.create().update(r).update(publicKey).update(message).digest()) % groupOrder;
    const key = Point.fromBytes(publicKey).multiply(k, false);
    return Point.BASE.multiply(s, false)
      .subtract(key)
      .toBytes()
      .every((byte, i) => byte === r[i]);
  } catch {
    return false;
  }
}

/**
 * Whether an encoding is one of a point on the curve (RFC 8032 §5.1.3), about half of them are: what is none can never
 * verify anything. Costs some 0.1 ms, so it is asked once, when a key comes in.
 * @param publicKey 32 bytes
 */
export function isCurvePoint(publicKey: Uint8Array): boolean {
  try {
    Point.fromBytes(publicKey);
    return true;
  } catch {
    return false;
  }
}
