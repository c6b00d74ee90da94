import {
  type Position,
  type Principal,
  ConcordatError,
  did,
  limits,
  parsePosition,
  scope,
  tenantId,
} from '@concordat/contracts';
import { fromBase64url, publicKeyObject } from '@concordat/crypto';
import { errors, jwtVerify } from 'jose';
import QuickLRU from 'quick-lru';
import { z } from 'zod';
import type { Directory } from '@concordat/directory';

const claims = z.object({
  sub: did,
  jti: z.string().min(1).max(64),
  exp: z.number().int(),
  tenant: tenantId,
  scope: z
    .string()
    .transform((text) => text.split(' ').filter((part) => part !== ''))
    .pipe(z.array(scope)),
  iam_position: z.string(),
});

export interface VerifiedToken {
  readonly principal: Extract<Principal, { kind: 'agent' }>;
  /** The directory must know iam up to here to judge the token. */
  readonly position: Position;
  readonly expiresAtMs: number;
}

const invalid = (cause?: unknown): ConcordatError =>
  new ConcordatError('CREDENTIAL_INVALID', undefined, { cause });

/**
 * Verifies access tokens (JWT, RFC 9068; EdDSA, RFC 8037) against the signing keys of the directory, and remembers the
 * outcome by the whole token. Whether the agent is still welcome is not part of the outcome: that is asked every time.
 */
export class AccessTokens {
  readonly #verified = new QuickLRU<string, VerifiedToken>({ maxSize: 10_000 });

  constructor(
    private readonly directory: Directory,
    private readonly audience: string,
    private readonly nowMs: () => number,
  ) {}

  /** @throws ConcordatError CREDENTIAL_INVALID, TOKEN_EXPIRED */
  async verify(token: string): Promise<VerifiedToken> {
    const known = this.#verified.get(token);
    const verified = known ?? (await this.#verify(token));
    if (verified.expiresAtMs <= this.nowMs()) throw new ConcordatError('TOKEN_EXPIRED');
    if (!known) this.#verified.set(token, verified);
    return verified;
  }

  async #verify(token: string): Promise<VerifiedToken> {
    // jose takes some base64url that is not canonical; a token has one spelling here.
    if (token.length > 4_096 || !token.split('.').every((part) => fromBase64url(part) !== undefined))
      throw invalid();
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#key(kid), {
        algorithms: ['EdDSA'],
        typ: 'at+jwt',
        issuer: this.audience,
        audience: this.audience,
        currentDate: new Date(this.nowMs()),
        maxTokenAge: limits.accessTokenSeconds,
        clockTolerance: limits.clockSkewSeconds,
      });
      const { sub, jti, exp, tenant, scope: scopes, iam_position } = claims.parse(payload);
      const position = parsePosition(iam_position);
      if (!position) throw invalid();
      return {
        principal: { kind: 'agent', tenant, id: sub, scopes, tokenId: jti },
        position,
        expiresAtMs: exp * 1_000,
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new ConcordatError('TOKEN_EXPIRED');
      throw error instanceof ConcordatError ? error : invalid(error);
    }
  }

  #key(kid: string | undefined) {
    const entry = this.directory.signingKey(kid ?? '');
    if (!entry) throw invalid();
    return publicKeyObject(fromBase64url(entry.publicKey.value)!);
  }
}
