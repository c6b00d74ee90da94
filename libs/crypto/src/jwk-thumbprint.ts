import { toBase64url } from './bytes';
import { sha256 } from './hash';

/**
 * The thumbprint of an Ed25519 key as a JWK (RFC 7638, with the members of RFC 8037 §2), SHA-256 in base64url: what a
 * token names as `cnf.jkt` (RFC 9449 §6.1).
 * @param x the public key, base64url without padding
 */
export const jwkThumbprint = (x: string): string =>
  toBase64url(sha256(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`));
