import { types } from 'node:util';
import { defaultTenant } from '@concordat/contracts';
import {
  ed25519PublicKey,
  fromBase64url,
  generateEd25519,
  toBase64url,
  toDidKey,
  toMultibaseKey,
} from '@concordat/crypto';

/** What an agent proves who it is with. */
export interface AgentCredential {
  /** Ed25519 secret key (the seed of RFC 8032): 32 bytes, or these in base64url or as 64 hex digits. */
  readonly secretKey: Uint8Array | string;
  /** Needed for a managed identity (`did:web:…`); a `did:key:…` follows from the key and is checked against it. */
  readonly did?: string | undefined;
  /** Default: the default tenant. */
  readonly tenant?: string | undefined;
  /**
   * Name of the installation that tokens must be for: `concordat`, unless whoever runs the gateways and iam-service has
   * given them another one. Given here, a challenge for another one is refused, so that a hostile server cannot pass on a
   * challenge of the real one.
   */
  readonly audience?: string | undefined;
  /**
   * `dpop`: tokens are good only with a proof of the key that comes with every request (RFC 9449), so that a copied token
   * is worth nothing. Default `bearer`.
   */
  readonly proof?: 'bearer' | 'dpop' | undefined;
  /** Act with the right that this delegation hands to the agent; such tokens always come with proofs. */
  readonly delegation?: string | undefined;
}

/** The key of an agent, read and checked. */
export interface AgentKey {
  readonly did: string;
  readonly tenant: string;
  readonly audience: string | undefined;
  /** 32 bytes */
  readonly secretKey: Uint8Array;
  readonly proof: 'bearer' | 'dpop';
  readonly delegation: string | undefined;
}

/** @throws TypeError when the key is not one, or is not that of the DID; the message never holds the key */
export function readAgentKey({
  secretKey: key,
  did,
  tenant = defaultTenant,
  audience,
  proof = 'bearer',
  delegation,
}: AgentCredential): AgentKey {
  const secretKey = bytesOf(key);
  if (secretKey?.byteLength !== 32)
    throw new TypeError('credential.secretKey: must be 32 bytes, raw, in base64url or as 64 hex digits');
  if (proof !== 'bearer' && proof !== 'dpop') throw new TypeError('credential.proof: must be bearer or dpop');
  if (did?.startsWith('did:web:')) return { did, tenant, audience, secretKey, proof, delegation };
  const own = toDidKey(ed25519PublicKey(secretKey));
  if (did !== undefined && did !== own)
    throw new TypeError(`credential.did: the secret key is that of ${own}, not of ${did}`);
  return { did: own, tenant, audience, secretKey, proof, delegation };
}

/** Anything else would be taken for a length, or for zeroes. */
function bytesOf(key: unknown): Uint8Array | undefined {
  if (typeof key === 'string') return decodeKey(key.trim());
  return types.isUint8Array(key) ? new Uint8Array(key) : undefined;
}

const decodeKey = (text: string): Uint8Array | undefined =>
  /^[0-9a-fA-F]{64}$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : fromBase64url(text);

/** A key pair that nobody has registered yet. */
export interface NewAgentKey {
  /** What the agent will be called by: made of the public key. */
  readonly did: string;
  /** Multibase, as `agents.register` takes it. */
  readonly publicKey: string;
  /** 32 bytes in base64url, as `credential.secretKey` takes it; keep it where only the agent can read it. */
  readonly secretKey: string;
}

/** Makes the key of a new agent, or the next key of one. */
export function newAgentKey(): NewAgentKey {
  const { secretKey, publicKey } = generateEd25519();
  return {
    did: toDidKey(publicKey),
    publicKey: toMultibaseKey(publicKey),
    secretKey: toBase64url(secretKey),
  };
}
