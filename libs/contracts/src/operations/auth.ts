import { z } from 'zod';
import { defaultTenant, did, scope, tenantId, timestamp } from '../names';
import { operation } from '../operation';

const accessToken = z.strictObject({
  accessToken: z.string(),
  /** DPoP: every request proves the key (RFC 9449) */
  tokenType: z.enum(['Bearer', 'DPoP']),
  /** seconds */
  expiresIn: z.number().int(),
});

const signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'must be 64 bytes in base64url without padding');

export const authOperations = {
  'auth.challenge': operation({
    name: 'auth.challenge',
    service: 'bus',
    summary: 'Ask for a challenge to sign. Answers alike for known and unknown agents.',
    kind: 'query',
    caller: 'none',
    http: { method: 'POST', path: '/v1/auth/challenge', status: 200 },
    input: z.strictObject({ did, tenant: tenantId.default(defaultTenant) }),
    output: z.strictObject({
      challengeId: z.string(),
      /** the exact text to sign, in UTF-8 */
      challenge: z.string(),
      expiresAt: timestamp,
    }),
    errors: [],
  }),
  'auth.token': operation({
    name: 'auth.token',
    service: 'bus',
    summary: 'Trade a signed challenge for a short-lived access token.',
    kind: 'command',
    caller: 'none',
    http: { method: 'POST', path: '/v1/auth/token', status: 200 },
    input: z.strictObject({ challengeId: z.string().min(1).max(1_024), signature }),
    output: accessToken,
    errors: [
      'CHALLENGE_INVALID',
      'CHALLENGE_EXPIRED',
      'CHALLENGE_ALREADY_USED',
      'HANDSHAKE_REFUSED',
      'PROOF_INVALID',
      'SECRET_ALREADY_SHOWN',
    ],
    revealsSecret: true,
  }),
  'auth.whoami': operation({
    name: 'auth.whoami',
    service: 'bus',
    summary: 'Say whom the credential belongs to and what it may do.',
    kind: 'query',
    caller: 'credential',
    http: { method: 'GET', path: '/v1/auth/whoami', status: 200 },
    input: z.strictObject({}),
    output: z.strictObject({
      kind: z.enum(['agent', 'apiKey', 'user']),
      tenant: tenantId,
      id: z.string(),
      scopes: z.array(scope),
    }),
    errors: [],
  }),
  'handshake.redeem': operation({
    name: 'handshake.redeem',
    service: 'iam',
    summary:
      'Check the signature over a challenge that the gateway has authenticated, and issue the token once.',
    kind: 'command',
    caller: 'gateway',
    input: z.strictObject({
      did,
      tenant: tenantId,
      nonce: z.string().min(16).max(64),
      expiresAt: timestamp,
      signature,
      /** Thumbprint of the key that was proven with the request; the token is for who proves it every time. */
      keyThumbprint: z.string().optional(),
    }),
    output: accessToken,
    errors: ['CHALLENGE_ALREADY_USED', 'CHALLENGE_EXPIRED', 'HANDSHAKE_REFUSED', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
};
