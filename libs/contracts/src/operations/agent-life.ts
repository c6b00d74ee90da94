import { z } from 'zod';
import { datedKey } from '../key-history';
import { agentType, did, displayName, relationshipType, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { agentIdentity, metadata, publicKeyText, signatureText } from './agent';

const reason = z.string().max(256).default('unspecified');

/** Said by a person for people to read. */
const statement = displayName.max(512);

const updateInput = z.strictObject({
  did,
  name: displayName.optional(),
  metadata: metadata.optional(),
  type: agentType.optional(),
  /** null: nobody controls it any more. */
  controllerDid: did.nullable().optional(),
  /** The same as `controllerDid: null`, for gRPC, which has no null. */
  removeController: z.boolean().optional(),
  relationshipType: relationshipType.optional(),
  /** `version` of the identity that is to be changed, and no later one. */
  ifMatch: z
    .string()
    .regex(/^"?[1-9]\d{0,9}"?$/, 'must be a version')
    .optional(),
});

export const agentLifeOperations = {
  'agent.update': operation({
    name: 'agent.update',
    service: 'iam',
    summary:
      'Change what is said of an agent: name and metadata by itself or its controller, the rest by an administrator.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: {
      method: 'PATCH',
      path: '/v1/agents/{did}',
      status: 200,
      headers: { 'if-match': 'ifMatch' },
      etag: 'version',
    },
    input: updateInput,
    output: agentIdentity,
    errors: [
      'AGENT_UNKNOWN',
      'AGENT_REVOKED',
      'AGENT_SUSPENDED',
      'AGENT_TYPE_UNKNOWN',
      'CONTROLLER_CYCLE',
      'CONTROLLER_CHAIN_TOO_LONG',
      'PRECONDITION_FAILED',
    ],
  }),
  'agent.suspend': operation({
    name: 'agent.suspend',
    service: 'iam',
    summary: 'Suspend an agent until it is resumed: every door refuses it within a second.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents/{did}/suspend', status: 200 },
    input: z.strictObject({ did, reason }),
    output: agentIdentity,
    errors: ['AGENT_UNKNOWN', 'AGENT_REVOKED'],
  }),
  'agent.resume': operation({
    name: 'agent.resume',
    service: 'iam',
    summary: 'Let a suspended agent in again.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents/{did}/resume', status: 200 },
    input: z.strictObject({ did }),
    output: agentIdentity,
    errors: ['AGENT_UNKNOWN', 'AGENT_REVOKED'],
  }),
  'agent.rotateKey': operation({
    name: 'agent.rotateKey',
    service: 'iam',
    summary:
      'Replace the key of a managed identity (did:web); what the old key signs afterwards does not count.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents/{did}/rotate-key', status: 200 },
    input: z.strictObject({
      did,
      publicKey: publicKeyText,
      /** By the new key, over the statement that `keyRotationText` makes. */
      proof: z.strictObject({
        /** `authKeyId` of the key that is replaced. */
        oldKeyId: z.string().min(1).max(256),
        signedAt: timestamp,
        signature: signatureText,
        /** By the current key, over the same statement: needed when an agent replaces its own key. */
        currentSignature: signatureText.optional(),
      }),
    }),
    output: agentIdentity,
    errors: [
      'AGENT_UNKNOWN',
      'AGENT_REVOKED',
      'DID_KEY_FIXED',
      'PUBLIC_KEY_UNSAFE',
      'KEY_PROOF_INVALID',
      'KEY_ALREADY_USED',
      'KEY_HISTORY_FULL',
    ],
  }),
  'agent.verify': operation({
    name: 'agent.verify',
    service: 'iam',
    summary: 'Vouch for an agent, or withdraw that; a new name, type or controller ends it too.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/agents/{did}/verify', status: 200 },
    input: z.strictObject({
      did,
      /** What was checked and how, or why it counts no more. */
      statement,
      withdraw: z.boolean().default(false),
    }),
    output: agentIdentity,
    errors: ['AGENT_UNKNOWN', 'AGENT_REVOKED'],
  }),
  'agent.keys': operation({
    name: 'agent.keys',
    service: 'iam',
    summary: 'List the keys of an agent, oldest first, each with the time for which its signatures count.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/agents/{did}/keys', status: 200 },
    input: z.strictObject({ did, ...pageInput }),
    output: page(datedKey),
    errors: ['AGENT_UNKNOWN'],
  }),
  'agent.document': operation({
    name: 'agent.document',
    service: 'iam',
    summary: 'Read the DID document of an agent (W3C DID Core).',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: {
      method: 'GET',
      path: '/v1/agents/{did}/did.json',
      status: 200,
      mediaType: 'application/did+ld+json',
    },
    input: z.strictObject({ did }),
    output: z.strictObject({ body: z.string() }),
    errors: ['AGENT_UNKNOWN'],
  }),
};
