import { type Challenge, ConcordatError, did, tenantId } from '@concordat/contracts';
import { equalConstantTime, fromBase64url, hmacSha256, lengthPrefixed, toBase64url } from '@concordat/crypto';
import { z } from 'zod';

/** What a challenge id carries: the gateway keeps nothing, and any other gateway can check it. */
const facts = z.strictObject({
  did,
  tenant: tenantId,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  expiresAt: z.iso.datetime(),
});
export type ChallengeFacts = z.infer<typeof facts>;

const mac = (key: Uint8Array, body: string, audience: string): Uint8Array =>
  hmacSha256(key, lengthPrefixed('concordat/challenge/v1', audience, body));

/** @param key 32 bytes that all gateways share */
export function challengeId(key: Uint8Array, { audience, ...rest }: Challenge): string {
  const body = toBase64url(Buffer.from(JSON.stringify(facts.parse(rest))));
  return `${body}.${toBase64url(mac(key, body, audience))}`;
}

/** @throws ConcordatError CHALLENGE_INVALID when no gateway of this audience issued it */
export function openChallengeId(key: Uint8Array, id: string, audience: string): ChallengeFacts {
  const [body, tag, ...rest] = id.split('.');
  const claimed = fromBase64url(tag ?? '');
  if (!body || !claimed || rest.length > 0 || !equalConstantTime(claimed, mac(key, body, audience))) {
    throw new ConcordatError('CHALLENGE_INVALID');
  }
  return facts.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
}
