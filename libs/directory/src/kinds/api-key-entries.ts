import { ApiKeyCreated, type ApiKeyEvent, ApiKeyRevoked, ApiKeyRotated } from '@concordat/contracts';
import { changed, type Changes, made } from './kind';

export const apiKeyName = (id: string): string => `apiKey ${id}`;

export const apiKeyChanges: Changes<ApiKeyEvent> = {
  [ApiKeyCreated.type]: ({ id, hash, scopes, expiresAt }, { tenant }) =>
    made(apiKeyName(id), { kind: 'apiKey', tenant, id, hash, scopes, expiresAt, status: 'active' }),
  [ApiKeyRotated.type]: ({ id, expiresAt }) => changed<'apiKey'>(apiKeyName(id), { expiresAt }),
  [ApiKeyRevoked.type]: ({ id }) => changed<'apiKey'>(apiKeyName(id), { status: 'revoked' }),
};
