import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { toBase64url } from './bytes';
import { sha256 } from './hash';

/** Ed25519 (RFC 8032) by node:crypto; `ed25519-portable.ts` is the same in plain JavaScript, tested against this. */

export interface Ed25519KeyPair {
  /** 32 bytes: the seed of RFC 8032 §5.1.5 */
  readonly secretKey: Uint8Array;
  /** 32 bytes */
  readonly publicKey: Uint8Array;
}

// DER prefixes of RFC 8410: everything before the 32 raw bytes.
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

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

/** @param publicKey 32 bytes @throws RangeError for another length */
export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  if (publicKey.byteLength !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  return createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
}

export const ed25519PublicKey = (secretKey: Uint8Array): Uint8Array =>
  rawTail(createPublicKey(privateKeyObject(secretKey)).export({ format: 'der', type: 'spki' }));

/** @param key 32-byte secret key, or its key object (faster when used often) @returns 64 bytes, R ‖ S */
export const ed25519Sign = (message: Uint8Array, key: Uint8Array | KeyObject): Uint8Array =>
  new Uint8Array(sign(null, message, key instanceof Uint8Array ? privateKeyObject(key) : key));

/**
 * Strict verification: S must be below the group order (RFC 8032 §5.1.7), neither the key nor R may be of small
 * order or non-canonically encoded, so that a signature has one form and binds one message to one key
 * ("Taming the many EdDSAs", Chalkias et al. 2020, §3). Never throws for bad input.
 */
export function ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.byteLength !== 64 || !isSafeEd25519Key(publicKey)) return false;
  if (!isCanonicalScalar(signature.subarray(32)) || !isSafeEd25519Key(signature.subarray(0, 32)))
    return false;
  try {
    return verify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** A canonical encoding of a point that is not of small order. Whether it is on the curve shows when it is used. */
export const isSafeEd25519Key = (point: Uint8Array): boolean =>
  point.byteLength === 32 && isCanonicalField(point) && !smallOrder.has(yOf(point));

const fieldPrime = 2n ** 255n - 19n;
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const isCanonicalScalar = (scalar: Uint8Array): boolean => littleEndian(scalar) < groupOrder;

const signMask = (1n << 255n) - 1n;
const yOf = (point: Uint8Array): bigint => littleEndian(point) & signMask;

/** y < p, and x = 0 not with the sign bit set (RFC 8032 §5.1.3 steps 1 and 4). */
function isCanonicalField(point: Uint8Array): boolean {
  const y = yOf(point);
  const negative = (point[31]! & 0x80) !== 0;
  return y < fieldPrime && !(negative && (y === 1n || y === fieldPrime - 1n));
}

/** The y coordinates of the eight points of order 1, 2, 4 and 8. */
const yOfOrder8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, fieldPrime - 1n, yOfOrder8, fieldPrime - yOfOrder8]);

/** Short name of a public key: the first 16 bytes of SHA-256 over a label and the key, base64url. */
export const keyId = (publicKey: Uint8Array): string =>
  toBase64url(sha256('concordat/key-id/v1', publicKey).subarray(0, 16));
