import { z } from 'zod';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding');

/**
 * A public key or a signature. Always carried in lists, so that a hybrid (Ed25519 + ML-DSA-65) is a second
 * entry and not a second format. `kid` names the key; `value` is base64url of the raw bytes.
 */
export const algorithmValue = z.strictObject({
  alg: z.enum(['Ed25519']),
  kid: z.string().min(1).max(256),
  value: base64url.max(8_192),
});
export type AlgorithmValue = z.infer<typeof algorithmValue>;

export const publicKeys = z.array(algorithmValue).min(1).max(4);
export const signatures = z.array(algorithmValue).min(1).max(4);

/** A field encrypted under a key of the keystore: `value` is base64url of nonce ‖ ciphertext ‖ tag. */
export const sealedValue = z.strictObject({
  alg: z.literal('A256GCM'),
  kid: z.string().min(1).max(128),
  value: base64url,
});
export type SealedValue = z.infer<typeof sealedValue>;
