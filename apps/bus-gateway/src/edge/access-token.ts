import { ConcordatError, limits, type Position, type Principal } from '@concordat/contracts';
import { fromBase64url, publicKeyObject } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import { errors, jwtVerify } from 'jose';
import QuickLRU from 'quick-lru';
import { readClaims } from './token-claims';

export interface VerifiedToken {
  readonly principal: Extract<Principal, { kind: 'agent' | 'user' }>;
  /** Thumbprint (RFC 7638) of the key that the token is bound to; agents always have one. */
  readonly keyThumbprint: string | undefined;
  /** Whether every request must prove that key (RFC 9449): the token does not come as `Bearer`. */
  readonly needsProof: boolean;
  /** The signing key. */
  readonly keyId: string;
  /** The directory must know iam up to here to judge the token. */
  readonly position: Position;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

const invalid = (cause?: unknown): ConcordatError =>
  new ConcordatError('CREDENTIAL_INVALID', undefined, { cause });

/**
 * Verifies access tokens (JWT, RFC 9068; EdDSA, RFC 8037) against the signing keys of the directory, and remembers the
 * outcome by the whole token. Whether signing key and bearer are still welcome is not part of the outcome: the first is
 * asked here, every time, the second by the authenticator.
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
    if (!this.directory.signingKey(verified.keyId)) throw invalid();
    if (verified.expiresAtMs <= this.nowMs()) throw new ConcordatError('TOKEN_EXPIRED');
    if (!known) this.#verified.set(token, verified);
    return verified;
  }

  async #verify(token: string): Promise<VerifiedToken> {
    // jose takes some base64url that is not canonical; a token has one spelling here.
    if (token.length > 4_096 || !token.split('.').every((part) => fromBase64url(part) !== undefined))
      throw invalid();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => this.#key(kid), {
        algorithms: ['EdDSA'],
        typ: 'at+jwt',
        issuer: this.audience,
        audience: this.audience,
        currentDate: new Date(this.nowMs()),
        maxTokenAge: limits.accessTokenSeconds,
        clockTolerance: limits.clockSkewSeconds,
      });
      return { ...readClaims(payload), keyId: protectedHeader.kid! };
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
