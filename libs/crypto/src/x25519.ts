import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';

/** X25519 (RFC 7748) by node:crypto; keys are 32 raw bytes. */
export interface X25519KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const tail = (der: Buffer): Uint8Array => new Uint8Array(der.subarray(der.byteLength - 32));

export function generateX25519(): X25519KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    secretKey: tail(privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: tail(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

/** @returns the 32-byte shared secret @throws Error for a key of small order (RFC 7748 §6.1) or a wrong length */
export function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (secretKey.byteLength !== 32 || publicKey.byteLength !== 32)
    throw new RangeError('X25519 keys have 32 bytes');
  const shared = diffieHellman({
    privateKey: createPrivateKey({
      key: Buffer.concat([pkcs8Prefix, secretKey]),
      format: 'der',
      type: 'pkcs8',
    }),
    publicKey: createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' }),
  });
  if (shared.every((byte) => byte === 0)) throw new Error('the X25519 key is of small order');
  return new Uint8Array(shared);
}
