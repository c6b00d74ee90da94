import { z } from 'zod';
import { publicKeys } from '../keys';
import { limits } from '../limits';
import { agentStatus, agentType, did, displayName, jsonObject, relationshipType, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

export const agentIdentity = z.strictObject({
  did,
  /** null after erasure */
  name: z.string().nullable(),
  type: agentType,
  status: agentStatus,
  publicKeys,
  metadata: jsonObject.nullable(),
  controllerDid: did.nullable(),
  relationshipType: z.string(),
  verified: z.boolean(),
  createdAt: timestamp,
  lastSeen: timestamp.nullable(),
  authKeyId: z.string(),
  /** Who vouches for it, and what was checked; null when nobody does, and after erasure. */
  verification: z.strictObject({ statement: z.string(), by: z.string(), at: timestamp }).nullable(),
  /** One more with every change; sent as `If-Match` to change exactly this version. */
  version: z.number().int().positive(),
});
export type AgentIdentity = z.infer<typeof agentIdentity>;

export const metadata = jsonObject.refine(
  (value) => Buffer.byteLength(JSON.stringify(value)) <= limits.metadataBytes,
  `must be at most ${limits.metadataBytes} bytes of JSON`,
);

/** multibase (`z…`, multicodec ed25519-pub) or 64 hexadecimal digits */
export const publicKeyText = z
  .string()
  .regex(/^(z[1-9A-HJ-NP-Za-km-z]{40,60}|[0-9a-fA-F]{64})$/, 'must be multibase (z…) or 64 hex digits');

export const signatureText = z
  .string()
  .regex(/^[A-Za-z0-9_-]{86}$/, 'must be 64 bytes in base64url without padding');

export const agentOperations = {
  'agent.register': operation({
    name: 'agent.register',
    service: 'iam',
    summary: 'Register an agent by its Ed25519 public key.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents', status: 201 },
    input: z.strictObject({
      name: displayName,
      type: agentType,
      publicKey: publicKeyText,
      metadata: metadata.optional(),
      controllerDid: did.optional(),
      /** Only for `didMethod: "key"`, whose DID follows from the key. */
      did: did.optional(),
      /** `web`: a managed identity, whose DID stays when its keys rotate. */
      didMethod: z.enum(['key', 'web']).default('key'),
      relationshipType: relationshipType.optional(),
    }),
    output: agentIdentity,
    errors: [
      'AGENT_ALREADY_REGISTERED',
      'DID_KEY_MISMATCH',
      'PUBLIC_KEY_UNSAFE',
      'AGENT_UNKNOWN',
      'AGENT_REVOKED',
      'AGENT_SUSPENDED',
      'AGENT_TYPE_UNKNOWN',
      'CONTROLLER_CHAIN_TOO_LONG',
    ],
  }),
  'agent.get': operation({
    name: 'agent.get',
    service: 'iam',
    summary: 'Read one agent.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/agents/{did}', status: 200, etag: 'version' },
    input: z.strictObject({ did }),
    output: agentIdentity,
    errors: ['AGENT_UNKNOWN'],
  }),
  'agent.list': operation({
    name: 'agent.list',
    service: 'iam',
    summary:
      'List agents by name prefix, type, status or controller: by name when a prefix is given, newest last otherwise.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/agents', status: 200 },
    input: z.strictObject({
      /** Any beginning of a name, also of one that was given under other rules. */
      name: z.string().trim().min(1).max(128).optional(),
      type: agentType.optional(),
      status: agentStatus.optional(),
      controllerDid: did.optional(),
      ...pageInput,
    }),
    output: page(agentIdentity),
    errors: [],
  }),
  'agent.revoke': operation({
    name: 'agent.revoke',
    service: 'iam',
    summary: 'Revoke an agent for good: every door refuses it within a second.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents/{did}/revoke', status: 200 },
    input: z.strictObject({ did, reason: z.string().max(256).default('unspecified') }),
    output: agentIdentity,
    errors: ['AGENT_UNKNOWN'],
  }),
  'agent.erase': operation({
    name: 'agent.erase',
    service: 'iam',
    summary: 'Erase the personal fields of an agent by destroying their key; the facts of its history stay.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'DELETE', path: '/v1/agents/{did}', status: 200 },
    input: z.strictObject({ did }),
    output: z.strictObject({
      did,
      erasedAt: timestamp,
      /**
       * JWS (`typ` erasure-receipt+jwt) under a key of the JWKS: which keys were destroyed, by which event, and until when
       * a backup could bring them back.
       */
      receipt: z.string(),
    }),
    errors: ['AGENT_UNKNOWN'],
  }),
};
