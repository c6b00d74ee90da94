import { z } from 'zod';
import { limits } from '../limits';
import { displayName, scope, tenantId, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

export const apiKeyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits');

export const apiKeyStatus = z.enum(['active', 'expired', 'revoked']);

const lifetime = z.number().int().min(1).max(31_536_000);

const apiKey = z.strictObject({
  id: apiKeyId,
  name: z.string(),
  tenant: tenantId,
  scopes: z.array(scope),
  status: apiKeyStatus,
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  /** To the minute, and up to a minute late; null: never. */
  lastUsedAt: timestamp.nullable(),
  /** The key that this one replaces. */
  rotatedFrom: apiKeyId.nullable(),
  /** The key that replaces this one, which ends at `expiresAt` then. */
  rotatedTo: apiKeyId.nullable(),
});
export type ApiKeyView = z.infer<typeof apiKey>;

export const apiKeyOperations = {
  'apiKey.create': operation({
    name: 'apiKey.create',
    service: 'iam',
    summary: 'Create an API key; the key is shown in this answer and never again.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/api-keys', status: 201 },
    input: z.strictObject({
      name: displayName,
      scopes: z.array(scope).min(1).max(5),
      /** Another tenant than the caller's own: only for keys of the default tenant. */
      tenant: tenantId.optional(),
      expiresInSeconds: lifetime.optional(),
    }),
    output: apiKey.extend({ key: z.string() }),
    errors: ['SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
  'apiKey.get': operation({
    name: 'apiKey.get',
    service: 'iam',
    summary: 'Read one API key, without the key itself.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/api-keys/{id}', status: 200 },
    input: z.strictObject({ id: apiKeyId }),
    output: apiKey,
    errors: ['API_KEY_UNKNOWN'],
  }),
  'apiKey.list': operation({
    name: 'apiKey.list',
    service: 'iam',
    summary: 'List API keys, newest last, without the keys themselves.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/api-keys', status: 200 },
    input: z.strictObject({ status: apiKeyStatus.optional(), ...pageInput }),
    output: page(apiKey),
    errors: [],
  }),
  'apiKey.rotate': operation({
    name: 'apiKey.rotate',
    service: 'iam',
    summary: 'Replace an API key by a new one, shown once; the old one is good until the overlap ends.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/api-keys/{id}/rotate', status: 201 },
    input: z.strictObject({
      id: apiKeyId,
      /** How long the old key stays good. */
      overlapSeconds: z.number().int().min(0).max(limits.apiKeyOverlapSeconds).default(3_600),
      /** Life of the new key; default: as long as the old one was made for. */
      expiresInSeconds: lifetime.optional(),
    }),
    output: apiKey.extend({ key: z.string() }),
    errors: ['API_KEY_UNKNOWN', 'API_KEY_ENDED', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
  'apiKey.revoke': operation({
    name: 'apiKey.revoke',
    service: 'iam',
    summary: 'Revoke an API key: every door refuses it within a second.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/api-keys/{id}', status: 200 },
    input: z.strictObject({ id: apiKeyId }),
    output: apiKey,
    errors: ['API_KEY_UNKNOWN'],
  }),
};
