import { ApiKeyCreated, type ApiKeyEvent, ApiKeyRevoked, ApiKeyRotated } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type ApiKeyCommand, apiKeyDecider } from './api-key.decider';

const given = specification(apiKeyDecider);
const data = { id: '00'.repeat(8), name: 'ci', hash: 'h', scopes: ['read' as const], expiresAt: null };
const create: ApiKeyCommand = { kind: 'CreateApiKey', ...data };
const revoke: ApiKeyCommand = { kind: 'RevokeApiKey', id: data.id };
const now = '2026-01-01T00:00:00.000Z';
const hourLater = '2026-01-01T01:00:00.000Z';
const rotate: ApiKeyCommand = {
  ...{ kind: 'RotateApiKey', id: data.id, rotatedTo: '11'.repeat(8), now, overlapEndsAt: hourLater },
};
const rotated = (expiresAt = hourLater): ApiKeyEvent => ({
  type: ApiKeyRotated.type,
  data: { id: data.id, rotatedTo: '11'.repeat(8), expiresAt },
});
const mortal = (expiresAt: string): ApiKeyEvent => ({
  type: ApiKeyCreated.type,
  data: { ...data, expiresAt },
});
const created: ApiKeyEvent = { type: ApiKeyCreated.type, data };
const revoked: ApiKeyEvent = { type: ApiKeyRevoked.type, data: { id: data.id } };

describe('an id without a key', () => {
  it('gets one', () => given([]).when(create).then([created]));
  it('has nothing to revoke', () => given([]).when(revoke).refuses('API_KEY_UNKNOWN'));
  it('has nothing to rotate', () => given([]).when(rotate).refuses('API_KEY_UNKNOWN'));
});

describe('an active key', () => {
  it('is not replaced', () => given([created]).when(create).refuses('VERSION_CONFLICT'));
  it('is revoked', () => given([created]).when(revoke).then([revoked]));
  it('is replaced, and ends when the overlap does', () => given([created]).when(rotate).then([rotated()]));
  it('that would end before the overlap does, ends when it would', () => {
    const soon = '2026-01-01T00:30:00.000Z';
    given([mortal(soon)])
      .when(rotate)
      .then([rotated(soon)]);
    expect(given([mortal(soon), rotated(soon)]).state?.lifetimeMs).toBe(1_800_000);
  });
  it('that has expired is not replaced', () =>
    given([mortal(now)])
      .when(rotate)
      .refuses('API_KEY_ENDED'));
  it('keeps no hash in its state', () => expect(given([created]).state).not.toHaveProperty('hash'));
});

describe('a revoked key', () => {
  it('stays revoked without a further event', () => given([created, revoked]).when(revoke).then([]));
  it('is not made anew', () => given([created, revoked]).when(create).refuses('VERSION_CONFLICT'));
  it('is not replaced', () => given([created, revoked]).when(rotate).refuses('API_KEY_ENDED'));
});

describe('a replaced key', () => {
  it('is not replaced again', () => given([created, rotated()]).when(rotate).refuses('API_KEY_ENDED'));
  it('is revoked before its time', () => given([created, rotated()]).when(revoke).then([revoked]));
});
