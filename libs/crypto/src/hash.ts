import { createHash, createHmac, hash as hashOnce, hkdfSync, timingSafeEqual } from 'node:crypto';

/** SHA-256 (FIPS 180-4) of the concatenated parts; 32 bytes. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return plain(hash.digest());
}

/** SHA-256 of bytes that lie together already, several times faster than by parts; 32 bytes. */
export const sha256Once = (bytes: Uint8Array): Uint8Array => plain(hashOnce('sha256', bytes, 'buffer'));

/** HMAC-SHA-256 (RFC 2104) of the concatenated parts; 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return plain(mac.digest());
}

/** The same bytes without the methods of Buffer. A digest has its memory to itself. */
const plain = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** HKDF-SHA-256 (RFC 5869), extract and expand. @param length bytes of output, at most 8160 */
export const hkdfSha256 = (key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key, salt, info, length));

/** Compares without telling, by its time, where two values differ. Different lengths are unequal. */
export const equalConstantTime = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && timingSafeEqual(a, b);
