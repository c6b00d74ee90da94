import { ApiKeyCreated, type ApiKeyEvent, ApiKeyRevoked } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type ApiKeyCommand, apiKeyDecider } from './api-key.decider';

const given = specification(apiKeyDecider);
const data = { id: '00'.repeat(8), name: 'ci', hash: 'h', scopes: ['read' as const], expiresAt: null };
const create: ApiKeyCommand = { kind: 'CreateApiKey', ...data };
const revoke: ApiKeyCommand = { kind: 'RevokeApiKey', id: data.id };
const created: ApiKeyEvent = { type: ApiKeyCreated.type, data };
const revoked: ApiKeyEvent = { type: ApiKeyRevoked.type, data: { id: data.id } };

describe('an id without a key', () => {
  it('gets one', () => given([]).when(create).then([created]));
  it('has nothing to revoke', () => given([]).when(revoke).refuses('API_KEY_UNKNOWN'));
});

describe('an active key', () => {
  it('is not replaced', () => given([created]).when(create).refuses('VERSION_CONFLICT'));
  it('is revoked', () => given([created]).when(revoke).then([revoked]));
  it('keeps no hash in its state', () => expect(given([created]).state).not.toHaveProperty('hash'));
});

describe('a revoked key', () => {
  it('stays revoked without a further event', () => given([created, revoked]).when(revoke).then([]));
  it('is not made anew', () => given([created, revoked]).when(create).refuses('VERSION_CONFLICT'));
});
