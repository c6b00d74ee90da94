import { fromBase64url, toBase64url } from './bytes';
import { ed25519PublicKey, ed25519Sign, ed25519Verify, keyId, privateKeyObject } from './ed25519';

/** A public key or a signature, one entry of the lists that make hybrids possible (same shape as in contracts). */
export interface AlgorithmValue {
  readonly alg: 'Ed25519';
  readonly kid: string;
  /** base64url of the raw bytes */
  readonly value: string;
}

/** Signs for one identity. Asynchronous because post-quantum signing takes milliseconds in a worker thread. */
export interface Signer {
  readonly publicKeys: readonly AlgorithmValue[];
  /** @returns one signature per key, in the order of `publicKeys` */
  sign(message: Uint8Array): Promise<AlgorithmValue[]>;
}

/** @param secretKey 32-byte Ed25519 seed */
export function ed25519Signer(secretKey: Uint8Array): Signer {
  const key = privateKeyObject(secretKey);
  const publicKey = ed25519PublicKey(secretKey);
  const kid = keyId(publicKey);
  return {
    publicKeys: [{ alg: 'Ed25519', kid, value: toBase64url(publicKey) }],
    sign: async (message) => [{ alg: 'Ed25519', kid, value: toBase64url(ed25519Sign(message, key)) }],
  };
}

/**
 * A list of signatures counts when every algorithm among the trusted keys is there with a valid signature: in a
 * hybrid both halves must hold. Signatures by other keys are ignored. Never throws for bad input.
 */
export function verifySignatures(
  message: Uint8Array,
  signatures: readonly AlgorithmValue[],
  trusted: readonly AlgorithmValue[],
): boolean {
  const algorithms = new Set(trusted.map(({ alg }) => alg));
  if (algorithms.size === 0) return false;
  return [...algorithms].every((alg) =>
    signatures.some((signature) => {
      const key = trusted.find((candidate) => candidate.alg === alg && candidate.kid === signature.kid);
      return signature.alg === alg && key !== undefined && isValid(message, signature, key);
    }),
  );
}

function isValid(message: Uint8Array, signature: AlgorithmValue, key: AlgorithmValue): boolean {
  const bytes = fromBase64url(signature.value);
  const publicKey = fromBase64url(key.value);
  if (!bytes || !publicKey) return false;
  switch (key.alg) {
    case 'Ed25519':
      return ed25519Verify(bytes, message, publicKey);
    default:
      key.alg satisfies never;
      return false;
  }
}
