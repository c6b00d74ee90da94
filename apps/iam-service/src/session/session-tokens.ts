import { randomBytes, randomUUID } from 'node:crypto';
import { limits, type Position, type Role, scopesOf } from '@concordat/contracts';
import { equalConstantTime, formatRefreshToken, parseRefreshToken, utf8 } from '@concordat/crypto';
import type { CommandContexts } from '@concordat/eventsourcing';
import type { SigningKeys } from '../signing-key/signing-keys';
import { signAccessToken, tokenEnd } from '../token/access-token';

const compact = (uuid: string): string => uuid.replaceAll('-', '');
const spelledOut = (hex: string): string =>
  hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

export interface SessionTokenFacts {
  readonly tenant: string;
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly sessionId: string;
  readonly tokenId: string;
  /** RFC 3339 */
  readonly issuedAt: string;
  /**
   * Where the session was opened, also in the tokens of later trades: a door compares it with what ended the sessions of
   * the user, so that a trade at the same moment cannot slip through.
   */
  readonly openedAt: Position;
}

/** Makes and reads the tokens of sessions. */
export class SessionTokens {
  constructor(
    private readonly contexts: CommandContexts,
    private readonly signingKeys: SigningKeys,
    private readonly audience: string,
  ) {}

  newRefreshToken(sessionId: string): string {
    const parts = { sessionId: compact(sessionId), secret: randomBytes(32).toString('hex') };
    return formatRefreshToken({ ...parts, seal: this.#seal(parts) });
  }

  /** @returns the session of a token that was issued here, however long ago; undefined for anything else */
  sessionOf(refreshToken: string): string | undefined {
    const parts = parseRefreshToken(refreshToken);
    if (!parts || !equalConstantTime(utf8(parts.seal), utf8(this.#seal(parts)))) return undefined;
    return spelledOut(parts.sessionId);
  }

  newTokenId(): string {
    return randomUUID();
  }

  accessToken(facts: SessionTokenFacts): string {
    const { tenant, userId, roles, sessionId, tokenId, issuedAt, openedAt } = facts;
    const expiresAt = tokenEnd(issuedAt, limits.accessTokenSeconds);
    const scopes = scopesOf(roles);
    const who = { kind: 'user', tenant, userId, roles, scopes, sessionId } as const;
    const frame = { tokenId, audience: this.audience, issuedAt, expiresAt, position: openedAt };
    return signAccessToken({ ...who, ...frame }, this.signingKeys.current);
  }

  #seal({ sessionId, secret }: { readonly sessionId: string; readonly secret: string }): string {
    return Buffer.from(this.contexts.blindName('refresh-token', sessionId, secret), 'base64url').toString(
      'hex',
    );
  }
}
