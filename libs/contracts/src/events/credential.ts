import { z } from 'zod';
import { did, scope, timestamp } from '../names';
import { operationPattern } from '../delegation';
import { type EventOf, event } from './event';

export const TokenRevoked = event({
  type: 'concordat.iam.token.revoked.v1',
  summary: 'An access token was revoked, or a session, or everything that somebody got until then.',
  data: z.strictObject({
    /** `token:<jti>`, `session:<sid>`, or `before:<subject>`: what was issued before this event */
    name: z.string(),
    /** id of the agent or user */
    subject: z.string(),
    /** Nothing that it concerns lives longer. */
    until: timestamp,
  }),
  control: true,
  subject: ({ subject }) => subject,
});

export const SigningKeyRetired = event({
  type: 'concordat.iam.signing-key.retired.v1',
  summary: 'A key that signed access tokens is believed no more.',
  data: z.strictObject({ kid: z.string(), reason: z.enum(['superseded', 'revoked']) }),
  control: true,
  subject: ({ kid }) => `signingKey:${kid}`,
});

export const DelegationCreated = event({
  type: 'concordat.iam.delegation.created.v1',
  summary: 'An agent handed a part of a right to another agent, for a time.',
  data: z.strictObject({
    id: z.string(),
    /** whose right it is */
    owner: did,
    /** who hands it on: the owner, or the receiver of `parent` */
    from: did,
    to: did,
    parent: z.string().nullable(),
    scopes: z.array(scope),
    /** names or patterns such as `memory.*`; null for every operation that can be delegated */
    operations: z.array(operationPattern).nullable(),
    expiresAt: timestamp,
  }),
  subject: ({ owner }) => owner,
});

export const DelegationRevoked = event({
  type: 'concordat.iam.delegation.revoked.v1',
  summary: 'A delegation was taken back, and with it all that were made of it.',
  data: z.strictObject({ id: z.string(), owner: did }),
  control: true,
  subject: ({ owner }) => owner,
});

export const TokenExchanged = event({
  type: 'concordat.iam.token.exchanged.v1',
  summary: 'An agent got an access token for the right of another.',
  data: z.strictObject({
    tokenId: z.string(),
    keyId: z.string(),
    owner: did,
    /** who acts, then those who passed the right on */
    actors: z.array(did),
    delegations: z.array(z.string()),
    scopes: z.array(scope),
    expiresAt: timestamp,
  }),
  subject: ({ owner }) => owner,
});

export type WithdrawalEvent = EventOf<typeof TokenRevoked>;
export type DelegationEvent = EventOf<typeof DelegationCreated> | EventOf<typeof DelegationRevoked>;
export type ExchangeEvent = EventOf<typeof TokenExchanged>;
