import { ed25519PublicKey, ed25519Sign, sha256, toBase64url } from '@concordat/crypto';
import { randomUUID } from 'node:crypto';

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A proof of a key (RFC 9449) for a request: for specs only. */
export function proofOf(
  secretKey: Uint8Array,
  { method, url, token }: { method: string; url: string; token?: string },
  over: Readonly<Record<string, unknown>> = {},
): string {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(ed25519PublicKey(secretKey)) };
  const ath = token === undefined ? {} : { ath: toBase64url(sha256(token)) };
  const iat = Math.floor(Date.now() / 1_000);
  const body = { jti: randomUUID(), htm: method, htu: url, iat, ...ath, ...over };
  const text = `${encode({ typ: 'dpop+jwt', alg: 'EdDSA', jwk })}.${encode(body)}`;
  return `${text}.${toBase64url(ed25519Sign(Buffer.from(text), secretKey))}`;
}
