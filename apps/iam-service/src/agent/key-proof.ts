import { ConcordatError, keyRotationText, limits, type OperationInput } from '@concordat/contracts';
import { ed25519Verify, fromBase64url, keyId, utf8 } from '@concordat/crypto';

export interface ProofFacts {
  readonly audience: string;
  readonly tenant: string;
  readonly nowMs: number;
}

/**
 * The new key has signed that it takes the place of the one that the proof names, here and now. Whether that one is the
 * current key, the decider says.
 * @throws ConcordatError KEY_PROOF_INVALID
 */
export function requireKeyProof(
  { did, proof }: OperationInput<'agent.rotateKey'>,
  publicKey: Uint8Array,
  { audience, tenant, nowMs }: ProofFacts,
): void {
  const { oldKeyId, signedAt, signature } = proof;
  const ageMs = nowMs - Date.parse(signedAt);
  const skewMs = limits.clockSkewSeconds * 1_000;
  if (ageMs < -skewMs || ageMs > limits.challengeSeconds * 1_000 + skewMs)
    throw new ConcordatError('KEY_PROOF_INVALID', 'The proof was not made within the last minute.');
  const text = keyRotationText({ audience, tenant, did, oldKeyId, newKeyId: keyId(publicKey), signedAt });
  const bytes = fromBase64url(signature);
  if (!bytes || !ed25519Verify(bytes, utf8(text), publicKey)) throw new ConcordatError('KEY_PROOF_INVALID');
}
