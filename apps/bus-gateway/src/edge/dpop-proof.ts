import { ConcordatError, limits, parseStrictJson } from '@concordat/contracts';
import {
  ed25519Verify,
  equalConstantTime,
  fromBase64url,
  jwkThumbprint,
  sha256,
  toBase64url,
  utf8,
} from '@concordat/crypto';
import { z } from 'zod';

/** A proof of a key as it came with a request (RFC 9449), and what it must be for. */
export interface PresentedProof {
  /** The `DPoP` header. */
  readonly proof: string;
  readonly method: string;
  /** `Host` or `:authority` of the request. */
  readonly authority: string | undefined;
  /** As it was sent, without the query. */
  readonly path: string;
}

export interface CheckedProof {
  /** Thumbprint of the key (RFC 7638). */
  readonly keyThumbprint: string;
  /** What makes this proof one: it is taken once. */
  readonly id: string;
  /** From then on it is too old anyway, ms since 1970. */
  readonly endsMs: number;
}

export interface ProofRules {
  readonly nowMs: number;
  /** The access token that comes with it; undefined when one is asked for. */
  readonly token: string | undefined;
  /** Origins that callers know the gateways by; empty: whatever `Host` says. */
  readonly publicUrls: readonly string[];
}

const proofBytes = 2_048;
const windowMs = limits.proofSeconds * 1_000;

const absent = z.undefined().optional();
const header = z.object({
  typ: z.literal('dpop+jwt'),
  alg: z.literal('EdDSA'),
  jwk: z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().length(43),
    d: absent,
    k: absent,
  }),
  crit: absent,
  b64: absent,
});
const claims = z.object({
  jti: z.string().min(1).max(128),
  htm: z.string(),
  htu: z.string().max(1_024),
  iat: z.number(),
  ath: z.string().optional(),
});

/**
 * Checks a proof as RFC 9449 §4.3 says, in its order; whether it came before is for the caller to ask.
 * @throws ConcordatError PROOF_INVALID
 */
export function checkProof(
  { proof, method, authority, path }: PresentedProof,
  rules: ProofRules,
): CheckedProof {
  // 1, 2: one header, one well-formed JWT. Several headers arrive with a comma between, which no JWT has.
  const [head, body, signature, ...rest] = proof.length > proofBytes ? [] : proof.split('.');
  const signed = fromBase64url(signature ?? '');
  if (!head || !body || signed?.byteLength !== 64 || rest.length > 0) throw invalid('it is not a JWT');
  // 3–5, 7: claims, type, algorithm, and a key without its secret half.
  const { jwk } = read(header, head, 'its header is not that of a proof');
  const said = read(claims, body, 'its claims are not those of a proof');
  const key = fromBase64url(jwk.x);
  // 6: signed by that key; keys of small order and loose encodings verify nothing.
  if (!key || !ed25519Verify(signed, utf8(`${head}.${body}`), key)) throw invalid('its signature is wrong');
  // 8, 9: for this request.
  if (said.htm !== method) throw invalid('it is for another method');
  if (!isSameTarget(said.htu, authority, path, rules.publicUrls)) throw invalid('it is for another address');
  // 10: no nonces are given out. 11: made now.
  const madeMs = said.iat * 1_000;
  if (!(Math.abs(madeMs - rules.nowMs) <= windowMs)) throw invalid('it was not made now');
  // 12: for this token; that it is bound to this key, the caller asks.
  if (rules.token !== undefined && !isHashOf(said.ath, rules.token)) throw invalid('it is for another token');
  const keyThumbprint = jwkThumbprint(jwk.x);
  return { keyThumbprint, id: `${keyThumbprint} ${said.jti}`, endsMs: madeMs + windowMs };
}

function read<T extends z.ZodType>(schema: T, part: string, why: string): z.output<T> {
  const bytes = fromBase64url(part);
  try {
    if (bytes) return schema.parse(parseStrictJson(Buffer.from(bytes)));
  } catch {
    // Said below.
  }
  throw invalid(why);
}

function isHashOf(ath: string | undefined, token: string): boolean {
  return ath !== undefined && equalConstantTime(utf8(ath), utf8(toBase64url(sha256(token))));
}

/** The path as it was sent, byte by byte; scheme and host as callers know them, for a proxy may have changed both. */
function isSameTarget(
  htu: string,
  authority: string | undefined,
  path: string,
  publicUrls: readonly string[],
): boolean {
  const match = /^(https?):\/\/([^/?#@]+)([^?#]*)/i.exec(htu);
  if (!match) return false;
  const [, scheme, host, claimed] = match as unknown as [string, string, string, string];
  if ((claimed || '/') !== path) return false;
  const origin = originOf(scheme, host);
  if (publicUrls.length > 0) return publicUrls.some((url) => originOf(...schemeAndHost(url)) === origin);
  return authority !== undefined && originOf(scheme, authority) === origin;
}

/** Lower case, without the port that goes without saying (RFC 3986 §6.2.2, §6.2.3). */
function originOf(scheme: string, host: string): string {
  const name = scheme.toLowerCase();
  return `${name}://${host.toLowerCase().replace(name === 'https' ? /:443$/ : /:80$/, '')}`;
}

const schemeAndHost = (url: string): [string, string] => {
  const { protocol, host } = new URL(url);
  return [protocol.slice(0, -1), host];
};

const invalid = (why: string): ConcordatError =>
  new ConcordatError('PROOF_INVALID', `The proof of the key is not accepted: ${why}.`);
