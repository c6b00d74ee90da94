import { z } from 'zod';
import { displayName, scope, tenantId, timestamp } from '../names';
import { operation } from '../operation';

export const apiKeyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits');

const apiKey = z.strictObject({
  id: apiKeyId,
  name: z.string(),
  tenant: tenantId,
  scopes: z.array(scope),
  status: z.enum(['active', 'revoked']),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
});

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
      expiresInSeconds: z.number().int().min(1).max(31_536_000).optional(),
    }),
    output: apiKey.extend({ key: z.string() }),
    errors: ['SECRET_ALREADY_SHOWN'],
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
