import {
  ApiKeyCreated,
  ApiKeyRotated,
  limits,
  SessionEnded,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import { Directory } from './directory';
import type { DirectoryEvent } from './kinds/kind';

const time = '2026-01-01T00:00:00.000Z';
const id = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const sessionId = '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b';
const at = (position: number) => ({ epoch: 1, position });
const event = (position: number, type: string, data: object, tenant = 't1'): DirectoryEvent => ({
  ...{ at: at(position), tenant, type, time, actor: null, data },
});
const sealed = { alg: 'A256GCM', kid: 'k', value: 'AAAA' };
const created = event(1, UserCreated.type, { id, email: sealed, name: sealed, roles: ['user', 'sre'] });

describe('a user in the directory', () => {
  let directory: Directory;
  beforeEach(() => {
    directory = new Directory();
    directory.apply(created);
  });

  it('is known by roles and status, without anything personal, in its tenant only', () => {
    const user = {
      kind: 'user',
      tenant: 't1',
      id,
      roles: ['user', 'sre'],
      status: 'active',
      sessionsSince: at(1),
    };
    expect(directory.user('t1', id)).toEqual(user);
    expect(directory.user('t2', id)).toBeUndefined();
  });

  it('loses a role as soon as the control lane says so', () => {
    directory.anticipate(event(7, UserRolesChanged.type, { id, roles: ['user'] }));
    expect(directory.user('t1', id)?.roles).toEqual(['user']);
    directory.apply(event(7, UserRolesChanged.type, { id, roles: ['user'] }));
    directory.advanced(at(7));
    expect(directory.user('t1', id)?.roles).toEqual(['user']);
  });

  it('that was disabled or erased is so, and its sessions of before have ended, whatever comes later', () => {
    directory.anticipate(event(5, UserDisabled.type, { id }));
    expect(directory.user('t1', id)).toMatchObject({ status: 'disabled', sessionsSince: at(5) });
    directory.apply(event(5, UserDisabled.type, { id }));
    directory.apply(event(6, UserEnabled.type, { id }));
    directory.advanced(at(6));
    expect(directory.user('t1', id)).toMatchObject({ status: 'active', sessionsSince: at(5) });
    directory.apply(event(8, UserErased.type, { id }));
    expect(directory.user('t1', id)).toMatchObject({ status: 'erased', sessionsSince: at(8) });
  });

  it('that got another password has no sessions of before; another hash of the same ends none', () => {
    directory.apply(event(3, UserPasswordChanged.type, { id, passwordHash: sealed, cause: 'rehashed' }));
    expect(directory.user('t1', id)?.sessionsSince).toEqual(at(1));
    directory.apply(event(4, UserPasswordChanged.type, { id, passwordHash: sealed, cause: 'changed' }));
    expect(directory.user('t1', id)?.sessionsSince).toEqual(at(4));
  });

  it('is not made by what takes away from it', () => {
    const empty = new Directory();
    for (const type of [UserDisabled.type, UserErased.type]) empty.anticipate(event(9, type, { id }));
    expect(empty.user('t1', id)).toBeUndefined();
  });
});

describe('a session in the directory', () => {
  it('has ended as soon as the control lane says so, in its tenant', () => {
    const directory = new Directory();
    const hasEnded = (tenant: string): boolean =>
      directory.withdrawal(tenant, `session:${sessionId}`) !== undefined;
    expect(hasEnded('t1')).toBe(false);
    const ended = event(3, SessionEnded.type, { id: sessionId, userId: id, reason: 'revoked' });
    directory.anticipate(ended);
    expect(hasEnded('t1')).toBe(true);
    directory.apply(ended);
    directory.advanced(at(3));
    expect(hasEnded('t1')).toBe(true);
    expect(hasEnded('t2')).toBe(false);
  });

  it('is remembered until the last of its tokens has ended, and no longer', () => {
    const directory = new Directory();
    directory.apply(event(3, SessionEnded.type, { id: sessionId, userId: id, reason: 'revoked' }));
    const endMs = Date.parse(time) + (limits.accessTokenSeconds + limits.clockSkewSeconds) * 1_000;
    directory.forgetEnded(endMs - 1);
    expect(directory.withdrawal('t1', `session:${sessionId}`)).toBeDefined();
    directory.forgetEnded(endMs);
    expect(directory.size).toBe(0);
  });
});

describe('a replaced API key in the directory', () => {
  it('ends with the overlap', () => {
    const directory = new Directory();
    directory.apply(
      event(1, ApiKeyCreated.type, { id: 'k', name: 'n', hash: 'h', scopes: ['read'], expiresAt: null }),
    );
    directory.anticipate(event(2, ApiKeyRotated.type, { id: 'k', rotatedTo: 'l', expiresAt: time }));
    expect(directory.apiKey('k')).toMatchObject({ status: 'active', expiresAt: time });
  });
});
