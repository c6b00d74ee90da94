import { challengeText, type DirectoryEntry, keyRotationText } from '@concordat/contracts';
import {
  type Ed25519KeyPair,
  ed25519Sign,
  generateEd25519,
  keyId,
  toBase64url,
  toDidKey,
  toMultibaseKey,
  utf8,
} from '@concordat/crypto';

export interface TestAgent extends Ed25519KeyPair {
  readonly did: string;
  readonly publicKeyText: string;
  /** base64url signature over a text */
  sign(text: string): string;
}

export function newAgent(): TestAgent {
  const keys = generateEd25519();
  return {
    ...keys,
    did: toDidKey(keys.publicKey),
    publicKeyText: toMultibaseKey(keys.publicKey),
    sign: (text) => toBase64url(ed25519Sign(utf8(text), keys.secretKey)),
  };
}

/** The input of `handshake.redeem` as the gateway would send it. */
export function redemption(
  agent: TestAgent,
  over: { nonce?: string; expiresAt?: string; tenant?: string; audience?: string } = {},
) {
  const {
    nonce = toBase64url(generateEd25519().publicKey).slice(0, 22),
    tenant = 'default',
    audience = 'concordat',
  } = over;
  const expiresAt = over.expiresAt ?? new Date(Date.now() + 60_000).toISOString();
  const text = challengeText({ audience, tenant, did: agent.did, nonce, expiresAt });
  return { did: agent.did, tenant, nonce, expiresAt, signature: agent.sign(text) };
}

/** The input of `agent.rotateKey` that puts the key of `next` in the place of `oldKeyId`. */
export function rotation(
  did: string,
  oldKeyId: string,
  next: TestAgent,
  over: {
    signedAt?: string;
    tenant?: string;
    audience?: string;
    did?: string;
    signer?: TestAgent;
    current?: TestAgent;
  } = {},
) {
  const { tenant = 'default', audience = 'concordat', signedAt = new Date().toISOString() } = over;
  const newKeyId = keyId(next.publicKey);
  const text = keyRotationText({ audience, tenant, did: over.did ?? did, oldKeyId, newKeyId, signedAt });
  const signature = (over.signer ?? next).sign(text);
  const currentSignature = over.current?.sign(text);
  const proof = { oldKeyId, signedAt, signature, ...(currentSignature && { currentSignature }) };
  return { did, publicKey: next.publicKeyText, proof };
}

type DirectoryAgent = Extract<DirectoryEntry, { kind: 'agent' }>;

/** An active agent as the directory has it. */
export const directoryAgent = (
  { did, publicKey }: Pick<TestAgent, 'did' | 'publicKey'>,
  over: Partial<DirectoryAgent> = {},
): DirectoryAgent => ({
  ...{ kind: 'agent', tenant: 'default', did, type: 'CLAUDE', status: 'active', verified: false },
  ...{ controllerDid: null, relationshipType: 'owner', registeredBy: null },
  publicKeys: [{ alg: 'Ed25519', kid: keyId(publicKey), value: toBase64url(publicKey) }],
  ...over,
});
