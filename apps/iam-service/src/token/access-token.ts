import { formatPosition, type Position, type Role, type Scope } from '@concordat/contracts';
import { toBase64url, utf8 } from '@concordat/crypto';
import { type KeyObject, sign } from 'node:crypto';

interface CommonFacts {
  readonly tokenId: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly audience: string;
  /** RFC 3339 */
  readonly issuedAt: string;
  /** RFC 3339, a whole second */
  readonly expiresAt: string;
  /** A door must know the state of iam up to here before it judges the token. */
  readonly position: Position;
  /** Whether every request must prove the key of the token (RFC 9449). */
  readonly needsProof?: boolean;
}

export interface AgentTokenFacts extends CommonFacts {
  readonly kind: 'agent';
  readonly did: string;
  /** Thumbprint (RFC 7638) of the key that was proven: the token is bound to it (RFC 7800 `cnf`). */
  readonly keyThumbprint: string;
  /** Who acts with the rights of `did`: the one who acts now first, then those who passed the right on (RFC 8693 §4.1). */
  readonly actors?: readonly string[];
  /** The delegations that the rights come from, the first of the chain first. */
  readonly delegations?: readonly string[];
}

export interface UserTokenFacts extends CommonFacts {
  readonly kind: 'user';
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly sessionId: string;
  readonly keyThumbprint?: string;
}

export type TokenFacts = AgentTokenFacts | UserTokenFacts;

export interface TokenSigner {
  readonly kid: string;
  readonly key: KeyObject;
}

interface Act {
  readonly sub: string;
  readonly act?: Act;
}

/**
 * JWT access token (RFC 9068), signed with EdDSA (RFC 8037). Put together here, in the compact form of RFC 7515 §7.1: a
 * library that signs by Web Crypto goes to another thread and back for each token.
 */
export function signAccessToken(facts: TokenFacts, signer: TokenSigner): string {
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: signer.kid };
  const signed = `${encodedJson(header)}.${encodedJson(claimsOf(facts))}`;
  return `${signed}.${toBase64url(sign(null, utf8(signed), signer.key))}`;
}

const encodedJson = (value: object): string => toBase64url(utf8(JSON.stringify(value)));

function claimsOf(facts: TokenFacts) {
  const { tenant, scopes, position, keyThumbprint, needsProof = false } = facts;
  return {
    tenant,
    scope: scopes.join(' '),
    iam_position: formatPosition(position),
    ...(keyThumbprint === undefined ? {} : { cnf: { jkt: keyThumbprint } }),
    ...(needsProof ? { token_type: 'DPoP' } : {}),
    ...(facts.kind === 'agent' ? agentClaims(facts) : { roles: facts.roles, sid: facts.sessionId }),
    iss: facts.audience,
    aud: facts.audience,
    sub: facts.kind === 'agent' ? facts.did : facts.userId,
    jti: facts.tokenId,
    iat: Math.floor(Date.parse(facts.issuedAt) / 1_000),
    exp: Date.parse(facts.expiresAt) / 1_000,
  };
}

function agentClaims({ actors = [], delegations }: AgentTokenFacts) {
  const act = actors.reduceRight<Act | undefined>(
    (inner, sub) => (inner ? { sub, act: inner } : { sub }),
    undefined,
  );
  return { roles: ['agent'], ...(act && { act }), ...(delegations && { delegations }) };
}

/** When a token that is issued at `issuedAt` (RFC 3339) for so many seconds ends: tokens count whole seconds. */
export const tokenEnd = (issuedAt: string, seconds: number): string =>
  new Date((Math.floor(Date.parse(issuedAt) / 1_000) + seconds) * 1_000).toISOString();
