import { formatPosition, limits, type Position, type Scope } from '@concordat/contracts';
import { type Ed25519KeyPair, jwkThumbprint, keyId, privateKeyObject } from '@concordat/crypto';
import { SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';

export interface TokenOptions {
  readonly tenant?: string;
  readonly scopes?: readonly Scope[];
  readonly issuedAtMs?: number;
  readonly position?: Position;
  /** The key that the token is bound to, base64url; that of the agent when not given. */
  readonly key?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `jti` */
  readonly id?: string;
}

/** An access token as iam-service makes it, and with other claims as nobody does: for specs only. */
export function signToken(
  signingKey: Ed25519KeyPair,
  did: string,
  { tenant = 'default', scopes = ['read', 'write'], key = did, ...rest }: TokenOptions,
): Promise<string> {
  const issuedAt = Math.floor((rest.issuedAtMs ?? Date.now()) / 1_000);
  const iam_position = formatPosition(rest.position!);
  const bound = { roles: ['agent'], cnf: { jkt: jwkThumbprint(key) }, ...rest.claims };
  return new SignJWT({ tenant, scope: scopes.join(' '), iam_position, ...bound })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId(signingKey.publicKey) })
    .setIssuer('concordat')
    .setAudience('concordat')
    .setSubject(did)
    .setJti(rest.id ?? randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + limits.accessTokenSeconds)
    .sign(privateKeyObject(signingKey.secretKey));
}
