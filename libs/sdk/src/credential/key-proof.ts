import { randomUUID } from 'node:crypto';
import {
  ed25519PublicKey,
  ed25519Sign,
  privateKeyObject,
  sha256,
  toBase64url,
  utf8,
} from '@concordat/crypto';

/** The request that a proof is for. */
export interface ProvenRequest {
  readonly method: string;
  /** With or without its query, which does not count. */
  readonly url: string;
  /** The access token that goes with it, if any. */
  readonly token: string | undefined;
}

/** Makes the value of the `DPoP` header. */
export type KeyProver = (request: ProvenRequest) => string;

const encode = (part: unknown): string => toBase64url(utf8(JSON.stringify(part)));

/**
 * Proves with every request that the caller has the key of the token (RFC 9449), so that a copied token is worth nothing.
 * @param secretKey 32 bytes
 * @param nowMs the time of day, as the gateway knows it too: not a clock that counts from some start
 */
export function keyProver(secretKey: Uint8Array, nowMs: () => number): KeyProver {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(ed25519PublicKey(secretKey)) };
  // Made once: to make it costs several times what a signature does.
  const key = privateKeyObject(secretKey);
  const header = encode({ typ: 'dpop+jwt', alg: 'EdDSA', jwk });
  return ({ method, url, token }) => {
    const ath = token === undefined ? {} : { ath: toBase64url(sha256(token)) };
    const htu = url.replace(/[?#].*$/s, '');
    const body = encode({ jti: randomUUID(), htm: method, htu, iat: Math.floor(nowMs() / 1_000), ...ath });
    const text = `${header}.${body}`;
    return `${text}.${toBase64url(ed25519Sign(utf8(text), key))}`;
  };
}
