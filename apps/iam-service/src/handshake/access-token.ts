import { type AlgorithmValue, formatPosition, type Position, type Scope } from '@concordat/contracts';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import type { KeyObject } from 'node:crypto';

export interface TokenFacts {
  readonly tokenId: string;
  readonly tenant: string;
  readonly did: string;
  readonly agentType: string;
  readonly scopes: readonly Scope[];
  /** The key that the agent proved: the token is bound to it (RFC 7800 `cnf`). */
  readonly agentKey: AlgorithmValue;
  readonly audience: string;
  /** RFC 3339 */
  readonly issuedAt: string;
  /** RFC 3339, a whole second */
  readonly expiresAt: string;
  /** A door must know the state of iam up to here before it judges the token. */
  readonly position: Position;
}

export interface TokenSigner {
  readonly kid: string;
  readonly key: KeyObject;
}

/** JWT access token (RFC 9068), signed with EdDSA (RFC 8037), bound to the agent's key by its thumbprint (RFC 7638). */
export async function signAccessToken(facts: TokenFacts, signer: TokenSigner): Promise<string> {
  const jkt = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: facts.agentKey.value });
  return new SignJWT({
    tenant: facts.tenant,
    scope: facts.scopes.join(' '),
    agent_type: facts.agentType,
    iam_position: formatPosition(facts.position),
    cnf: { jkt },
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signer.kid })
    .setIssuer(facts.audience)
    .setAudience(facts.audience)
    .setSubject(facts.did)
    .setJti(facts.tokenId)
    .setIssuedAt(Math.floor(Date.parse(facts.issuedAt) / 1_000))
    .setExpirationTime(Date.parse(facts.expiresAt) / 1_000)
    .sign(signer.key);
}
