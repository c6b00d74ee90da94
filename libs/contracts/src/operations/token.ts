import { z } from 'zod';
import { scope, timestamp } from '../names';
import { operation } from '../operation';

/** Token types of RFC 8693 §3, and ours for a delegation by its id. */
export const delegationTokenType = 'urn:concordat:params:oauth:token-type:delegation';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

export const delegationId = z.string().regex(/^dlg_[0-9a-f]{32}$/, 'must be the id of a delegation');

export const tokenOperations = {
  'auth.revoke': operation({
    name: 'auth.revoke',
    service: 'iam',
    summary:
      'End the credential of this request, or all that the caller got until now: every door refuses it within a second.',
    kind: 'command',
    caller: 'credential',
    http: { method: 'POST', path: '/v1/auth/revoke', status: 200 },
    input: z.strictObject({
      /** Also every other token that the caller has got until now. */
      all: z.boolean().default(false),
    }),
    output: z.strictObject({
      /** `token:<id>`, `session:<id>`, `before:<subject>` or `apiKey:<id>` */
      revoked: z.string(),
      revokedAt: timestamp,
    }),
    errors: ['API_KEY_UNKNOWN', 'DELEGATION_FORBIDDEN', 'SESSION_UNKNOWN'],
  }),
  'auth.exchange': operation({
    name: 'auth.exchange',
    service: 'iam',
    summary: 'Trade a delegation for an access token that acts with the right of another agent (RFC 8693).',
    kind: 'command',
    caller: 'agent',
    http: { method: 'POST', path: '/v1/auth/exchange', status: 200 },
    input: z.strictObject({
      grantType: z.literal('urn:ietf:params:oauth:grant-type:token-exchange'),
      /** Id of the delegation; the token of the request says who acts. */
      subjectToken: delegationId,
      subjectTokenType: z.literal(delegationTokenType),
      /** Less than was delegated: scopes with a space between. */
      scope: z.string().max(128).optional(),
    }),
    output: z.strictObject({
      accessToken: z.string(),
      issuedTokenType: z.literal(accessTokenType),
      /** Every request proves the key of the receiver (RFC 9449). */
      tokenType: z.literal('DPoP'),
      /** seconds */
      expiresIn: z.number().int(),
      scopes: z.array(scope),
    }),
    errors: ['DELEGATION_UNKNOWN', 'DELEGATION_TOO_WIDE', 'DELEGATION_FORBIDDEN', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
};
