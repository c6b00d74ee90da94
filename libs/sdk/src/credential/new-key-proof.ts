import { defaultTenant, keyRotationText, type OperationRequest } from '@concordat/contracts';
import { ed25519PublicKey, ed25519Sign, keyId, toBase64url, toMultibaseKey, utf8 } from '@concordat/crypto';
import { readAgentKey } from './agent-key';

/** A key that is to take the place of another one. */
export interface KeyReplacement {
  /** DID of the managed identity (`did:web:…`). */
  readonly did: string;
  /** `authKeyId` of the key that is replaced: `agents.get` tells it. */
  readonly oldKeyId: string;
  /** The new key, as `newAgentKey` makes it. */
  readonly secretKey: Uint8Array | string;
  /** The key that is replaced: needed when the agent itself calls, not when an administrator or its controller does. */
  readonly currentKey?: Uint8Array | string | undefined;
  /** Default: the default tenant. */
  readonly tenant?: string | undefined;
  /** Name of the installation; default `concordat`, unless whoever runs it has given it another one. */
  readonly audience?: string | undefined;
  /** Default: the clock of this machine, which must be right to a minute. */
  readonly now?: (() => Date) | undefined;
}

/**
 * The input of `agents.rotateKey`: the new key signs that it takes the place of the old one, in this installation, for
 * this agent, now. Good for a minute.
 * @throws TypeError when the key is not one
 */
export function proveNewKey(replacement: KeyReplacement): OperationRequest<'agent.rotateKey'> {
  const {
    did,
    oldKeyId,
    tenant = defaultTenant,
    audience = 'concordat',
    now = () => new Date(),
  } = replacement;
  const { secretKey } = readAgentKey({ secretKey: replacement.secretKey });
  const publicKey = ed25519PublicKey(secretKey);
  const signedAt = now().toISOString();
  const text = keyRotationText({ audience, tenant, did, oldKeyId, newKeyId: keyId(publicKey), signedAt });
  const signature = toBase64url(ed25519Sign(utf8(text), secretKey));
  const proof = { oldKeyId, signedAt, signature };
  const input = { did, publicKey: toMultibaseKey(publicKey), proof };
  if (replacement.currentKey === undefined) return input;
  const current = readAgentKey({ secretKey: replacement.currentKey });
  const currentSignature = toBase64url(ed25519Sign(utf8(text), current.secretKey));
  return { ...input, proof: { ...proof, currentSignature } };
}
