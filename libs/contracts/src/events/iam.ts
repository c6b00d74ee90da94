import { z } from 'zod';
import { algorithmValue, publicKeys } from '../keys';
import { agentType, did, jsonObject, scope, timestamp } from '../names';
import type { AgentLifeEvent } from './agent-life';
import type { SigningKeyRetired } from './credential';
import { type EventOf, event } from './event';

export const AgentRegistered = event({
  type: 'concordat.iam.agent.registered.v1',
  summary: 'An agent was registered.',
  data: z.strictObject({
    did,
    /** null after erasure, like `metadata` */
    name: z.string().nullable(),
    agentType,
    publicKeys,
    metadata: jsonObject.nullable(),
    controllerDid: did.nullable(),
    relationshipType: z.string(),
  }),
  sealed: { fields: ['name', 'metadata'], keyPath: ({ did }) => [`agent/${did}`] },
  subject: ({ did }) => did,
});

export const AgentRevoked = event({
  type: 'concordat.iam.agent.revoked.v1',
  summary: 'An agent was revoked for good.',
  data: z.strictObject({ did, reason: z.string() }),
  control: true,
  subject: ({ did }) => did,
});

export const AgentErased = event({
  type: 'concordat.iam.agent.erased.v1',
  summary: 'The key of the personal fields of an agent was ordered destroyed.',
  data: z.strictObject({ did }),
  destroys: ({ did }) => [`agent/${did}`],
  control: true,
  subject: ({ did }) => did,
});

export const TokenIssued = event({
  type: 'concordat.iam.token.issued.v1',
  summary: 'An agent proved its identity and got an access token.',
  data: z.strictObject({ did, tokenId: z.string(), keyId: z.string(), expiresAt: timestamp }),
  subject: ({ did }) => did,
});

export const HandshakeRefused = event({
  type: 'concordat.iam.handshake.refused.v1',
  summary: 'A handshake was refused; repetitions within a short time are counted together.',
  data: z.strictObject({
    did,
    reason: z.enum(['unknown-agent', 'inactive-agent', 'bad-signature', 'replayed', 'expired']),
    count: z.number().int().positive(),
  }),
  // Nobody in particular for a DID that nobody registered: strangers must not be able to make subjects.
  subject: ({ did, reason }) => (reason === 'unknown-agent' ? 'stranger' : did),
});

export const ApiKeyCreated = event({
  type: 'concordat.iam.api-key.created.v1',
  summary: 'An API key was created; only its hash is kept.',
  data: z.strictObject({
    id: z.string(),
    name: z.string(),
    hash: z.string(),
    scopes: z.array(scope),
    expiresAt: timestamp.nullable(),
  }),
  subject: ({ id }) => `apiKey:${id}`,
});

export const ApiKeyRevoked = event({
  type: 'concordat.iam.api-key.revoked.v1',
  summary: 'An API key was revoked.',
  data: z.strictObject({ id: z.string() }),
  control: true,
  subject: ({ id }) => `apiKey:${id}`,
});

export const ApiKeyRotated = event({
  type: 'concordat.iam.api-key.rotated.v1',
  summary: 'An API key was replaced by another one, and ends at `expiresAt`.',
  data: z.strictObject({ id: z.string(), rotatedTo: z.string(), expiresAt: timestamp }),
  control: true,
  subject: ({ id }) => `apiKey:${id}`,
});

export const SigningKeyActivated = event({
  type: 'concordat.iam.signing-key.activated.v1',
  summary: 'A key for signing access tokens was made known; it signs once every gateway has heard of it.',
  data: z.strictObject({ publicKey: algorithmValue }),
  // It takes nothing away, but who has not heard of it must not judge a token: the lane tells a gateway that it has not.
  control: true,
  subject: ({ publicKey }) => `signingKey:${publicKey.kid}`,
});

export type AgentEvent =
  | EventOf<typeof AgentRegistered>
  | EventOf<typeof AgentRevoked>
  | EventOf<typeof AgentErased>
  | AgentLifeEvent;
export type HandshakeEvent = EventOf<typeof TokenIssued>;
export type ApiKeyEvent =
  EventOf<typeof ApiKeyCreated> | EventOf<typeof ApiKeyRotated> | EventOf<typeof ApiKeyRevoked>;
export type SigningKeyEvent = EventOf<typeof SigningKeyActivated> | EventOf<typeof SigningKeyRetired>;
