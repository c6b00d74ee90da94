import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { toBase64url } from './bytes';
import { isBytes, isStrictSignature } from './ed25519-encoding';
import { sha256 } from './hash';

/** Ed25519 (RFC 8032) by node:crypto; `ed25519-portable.ts` is the same in plain JavaScript, tested against this. */

export interface Ed25519KeyPair {
  /** 32 bytes: the seed of RFC 8032 §5.1.5 */
  readonly secretKey: Uint8Array;
  /** 32 bytes */
  readonly publicKey: Uint8Array;
}

// A key is never exported as JWK: Node 20 holds the lock of the pair while it makes the strings, and when the garbage
// collector takes the job that generated the pair at that moment, the thread waits for itself, for ever.

/** DER prefix of RFC 8410: everything before the 32 raw bytes. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

export function generateEd25519(): Ed25519KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secretKey: rawTail(privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: rawTail(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

const rawTail = (der: Buffer): Uint8Array => new Uint8Array(der.subarray(der.byteLength - 32));

/** @param secretKey 32 bytes @throws RangeError for another length */
export function privateKeyObject(secretKey: Uint8Array): KeyObject {
  if (secretKey.byteLength !== 32) throw new RangeError('an Ed25519 secret key has 32 bytes');
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secretKey]), format: 'der', type: 'pkcs8' });
}

/**
 * As a JWK (RFC 8037 §2), which holds the raw bytes: OpenSSL takes eight times as long to read the same key as DER, and
 * every verification begins here.
 * @param publicKey 32 bytes
 * @throws RangeError for another length
 */
export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  if (publicKey.byteLength !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) },
    format: 'jwk',
  });
}

export const ed25519PublicKey = (secretKey: Uint8Array): Uint8Array =>
  rawTail(createPublicKey(privateKeyObject(secretKey)).export({ format: 'der', type: 'spki' }));

/** @param key 32-byte secret key, or its key object (faster when used often) @returns 64 bytes, R ‖ S */
export const ed25519Sign = (message: Uint8Array, key: Uint8Array | KeyObject): Uint8Array =>
  new Uint8Array(sign(null, message, key instanceof Uint8Array ? privateKeyObject(key) : key));

/**
 * Strict verification (see `isStrictSignature`), without the cofactor (RFC 8032 §5.1.7, step 3). Never throws: whatever
 * is not bytes is refused, where node:crypto would take a text for its UTF-8 form.
 */
export function ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    if (!isStrictSignature(signature, publicKey) || !isBytes(message)) return false;
    return verify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** Short name of a public key: the first 16 bytes of SHA-256 over a label and the key, base64url. */
export const keyId = (publicKey: Uint8Array): string =>
  toBase64url(sha256('concordat/key-id/v1', publicKey).subarray(0, 16));
