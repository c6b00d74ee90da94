import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const aeadKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** The ciphertext was changed, or the key or the associated data are not those it was made with. */
export class AeadError extends Error {
  override readonly name = 'AeadError';
  constructor() {
    super('authentication failed');
  }
}

/**
 * AES-256-GCM (NIST SP 800-38D).
 * @param key 32 bytes
 * @param aad authenticated but not encrypted; build it with `lengthPrefixed`
 * @param nonce 12 bytes, never twice under one key; random by default (good for 2^32 uses of a key)
 * @returns nonce ‖ ciphertext ‖ tag (16 bytes)
 */
export function aeadSeal(
  key: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
  nonce: Uint8Array = randomBytes(nonceBytes),
): Uint8Array {
  requireLength('key', key, aeadKeyBytes);
  requireLength('nonce', nonce, nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(aad);
  return new Uint8Array(
    Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
  );
}

/**
 * @param sealed nonce ‖ ciphertext ‖ tag, as `aeadSeal` returns it
 * @throws AeadError when anything was changed; the plaintext is never returned unauthenticated
 */
export function aeadOpen(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  requireLength('key', key, aeadKeyBytes);
  if (sealed.byteLength < nonceBytes + tagBytes) throw new AeadError();
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.byteLength - tagBytes));
  const body = sealed.subarray(nonceBytes, sealed.byteLength - tagBytes);
  try {
    return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch {
    throw new AeadError();
  }
}

function requireLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.byteLength !== length)
    throw new RangeError(`the ${what} must have ${length} bytes, not ${bytes.byteLength}`);
}
