import {
  type AlgorithmValue,
  ConcordatError,
  keyRotationText,
  limits,
  type OperationInput,
} from '@concordat/contracts';
import { ed25519Verify, fromBase64url, keyId, utf8 } from '@concordat/crypto';

export interface ProofFacts {
  readonly audience: string;
  readonly tenant: string;
  readonly nowMs: number;
  /** Set when the agent replaces its own key: a token that was copied must not be enough to take the identity over. */
  readonly currentKeys: readonly AlgorithmValue[] | undefined;
}

/**
 * The new key has signed that it takes the place of the one that the proof names, here and now. Whether that one is the
 * current key, the decider says.
 * @throws ConcordatError KEY_PROOF_INVALID
 */
export function requireKeyProof(
  { did, proof }: OperationInput<'agent.rotateKey'>,
  publicKey: Uint8Array,
  { audience, tenant, nowMs, currentKeys }: ProofFacts,
): void {
  const { oldKeyId, signedAt, signature, currentSignature } = proof;
  const ageMs = nowMs - Date.parse(signedAt);
  const skewMs = limits.clockSkewSeconds * 1_000;
  if (ageMs < -skewMs || ageMs > limits.challengeSeconds * 1_000 + skewMs)
    throw new ConcordatError('KEY_PROOF_INVALID', 'The proof was not made within the last minute.');
  const text = keyRotationText({ audience, tenant, did, oldKeyId, newKeyId: keyId(publicKey), signedAt });
  const isBy = (key: Uint8Array, text64: string): boolean => {
    const bytes = fromBase64url(text64);
    return bytes !== undefined && ed25519Verify(bytes, utf8(text), key);
  };
  if (!isBy(publicKey, signature)) throw new ConcordatError('KEY_PROOF_INVALID');
  const isByCurrent = currentKeys?.some(({ value }) => isBy(fromBase64url(value)!, currentSignature ?? ''));
  if (isByCurrent === false)
    throw new ConcordatError('KEY_PROOF_INVALID', 'An agent that replaces its own key signs with that too.');
}
