import { z } from 'zod';
import { did, expectedVersion, jsonValue, memoryKey, persona, timestamp } from '../names';
import { operation } from '../operation';

const memoryFacts = {
  persona,
  key: memoryKey,
  /** 1 for the first content, one more with every change; sent as `If-Match` to change exactly this version. */
  version: z.number().int().positive(),
  createdAt: timestamp,
  updatedAt: timestamp,
  /** The agent that wrote this version. */
  author: z.string(),
};

export const consentScope = z.enum(['read', 'write']);

const consent = z.strictObject({
  persona: did,
  grantee: did,
  scopes: z.array(consentScope),
  grantedAt: timestamp,
  expiresAt: timestamp.nullable(),
});

const memoryHttp = {
  path: '/v1/vault/{persona}/memories/{key}',
  headers: { 'if-match': 'ifMatch' },
} as const;
const consentPath = '/v1/vault/{persona}/consents/{grantee}';

export const vaultOperations = {
  'memory.put': operation({
    name: 'memory.put',
    service: 'vault',
    summary: 'Write a memory, encrypted under a key of its own.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'PUT', status: 200, etag: 'version', ...memoryHttp },
    input: z.strictObject({ persona, key: memoryKey, content: jsonValue, ifMatch: expectedVersion }),
    output: z.strictObject(memoryFacts),
    errors: ['CONSENT_REQUIRED', 'PRECONDITION_FAILED'],
  }),
  'memory.get': operation({
    name: 'memory.get',
    service: 'vault',
    summary: 'Read a memory. Every read is in the audit trail before it is answered.',
    kind: 'query',
    caller: 'agent',
    scope: 'read',
    http: { method: 'GET', path: '/v1/vault/{persona}/memories/{key}', status: 200, etag: 'version' },
    input: z.strictObject({ persona, key: memoryKey }),
    output: z.strictObject({ ...memoryFacts, content: jsonValue }),
    errors: ['CONSENT_REQUIRED', 'MEMORY_UNKNOWN', 'MEMORY_DAMAGED'],
  }),
  'memory.delete': operation({
    name: 'memory.delete',
    service: 'vault',
    summary: 'Delete a memory by destroying its keys.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'DELETE', status: 200, ...memoryHttp },
    input: z.strictObject({ persona, key: memoryKey, ifMatch: expectedVersion }),
    output: z.strictObject({
      persona,
      key: memoryKey,
      deletedAt: timestamp,
    }),
    errors: ['CONSENT_REQUIRED', 'MEMORY_UNKNOWN', 'PRECONDITION_FAILED'],
  }),
  'consent.grant': operation({
    name: 'consent.grant',
    service: 'vault',
    summary: 'Let another agent read or write your memories, for a time.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'PUT', path: consentPath, status: 200 },
    input: z.strictObject({
      persona: did,
      grantee: did,
      scopes: z.array(consentScope).min(1).max(2),
      expiresInSeconds: z.number().int().min(1).max(31_536_000).optional(),
    }),
    output: consent,
    errors: ['CONSENT_REQUIRED'],
  }),
  'consent.get': operation({
    name: 'consent.get',
    service: 'vault',
    summary: 'Read a consent in force: for the persona and the grantee.',
    kind: 'query',
    caller: 'agent',
    scope: 'read',
    http: { method: 'GET', path: consentPath, status: 200 },
    input: z.strictObject({ persona: did, grantee: did }),
    output: consent,
    errors: ['CONSENT_UNKNOWN'],
  }),
  'consent.withdraw': operation({
    name: 'consent.withdraw',
    service: 'vault',
    summary: 'Withdraw a consent; the next request of the grantee is refused.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'DELETE', path: consentPath, status: 200 },
    input: z.strictObject({ persona: did, grantee: did }),
    output: z.strictObject({ persona: did, grantee: did, withdrawnAt: timestamp }),
    errors: ['CONSENT_UNKNOWN', 'CONSENT_REQUIRED'],
  }),
};
