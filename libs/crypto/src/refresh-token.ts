import { crc32 } from 'node:zlib';
import { toBase64url } from './bytes';
import { sha256 } from './hash';

/**
 * Refresh tokens: `ccr_<session id>_<secret><seal><checksum>` with a session id of 16 bytes, a secret of 32 random bytes,
 * a seal of 16 bytes and the CRC-32 of everything before it, all in hex. The seal is a MAC that only the issuer can make
 * over the rest: a token that was issued once is told from one that somebody made up, without keeping the hash of every
 * token that ever was.
 */
const pattern = /^ccr_([0-9a-f]{32})_([0-9a-f]{64})([0-9a-f]{32})([0-9a-f]{8})$/;

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

export interface RefreshTokenParts {
  /** 32 hex digits: a UUID without its hyphens. */
  readonly sessionId: string;
  /** 64 hex digits */
  readonly secret: string;
  /** 32 hex digits */
  readonly seal: string;
}

export function formatRefreshToken({ sessionId, secret, seal }: RefreshTokenParts): string {
  const body = `ccr_${sessionId}_${secret}${seal}`;
  const token = body + checksum(body);
  if (!pattern.test(token)) throw new RangeError('a refresh token is made of 16, 32 and 16 bytes in hex');
  return token;
}

/** @returns the parts of a well-formed token, whose seal is for the issuer to check; undefined for anything else */
export function parseRefreshToken(token: string): RefreshTokenParts | undefined {
  const match = pattern.exec(token);
  if (!match || checksum(token.slice(0, -8)) !== match[4]) return undefined;
  return { sessionId: match[1]!, secret: match[2]!, seal: match[3]! };
}

/** What is kept of a refresh token. Its 256 random bits make a slow hash needless. */
export const refreshTokenHash = (token: string): string =>
  toBase64url(sha256('concordat/refresh-token/v1', token));
