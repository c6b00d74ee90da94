import {
  type EventEnvelope,
  origin,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  UserRolesChanged,
} from '@concordat/contracts';
import { foldUsers } from './known-user.projection';

const [ada, bea] = ['0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a', '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5b'];
const sealed = { alg: 'A256GCM', kid: 'k', value: 'AAAA' };
const event = (type: string, data: object, over: Partial<EventEnvelope> = {}): EventEnvelope => ({
  ...{ id: 'iam:1:1', type, source: '/concordat/iam', subject: 'user:x', time: '2026-01-01T00:00:00.000Z' },
  ...{ tenant: 'default', actor: 'apiKey:1', stream: 's', version: 1, correlation: null, traceparent: null },
  ...{ data: JSON.stringify(data), at: origin, prev: origin, prevHash: null, hash: null, signatures: [] },
  ...over,
});
const created = (id: string) =>
  event(UserCreated.type, { id, email: sealed, name: sealed, roles: ['user', 'auditor'] });

describe('users, as iam-service tells of them', () => {
  it('are known by what is published in clear', () =>
    expect(foldUsers([created(ada)])).toEqual([
      { tenant: 'default', id: ada, roles: 'user,auditor', status: 'active' },
    ]));

  it('change in the order of the events, each by itself', () =>
    expect(
      foldUsers([
        ...[created(ada), created(bea), event(UserDisabled.type, { id: ada })],
        ...[event(UserRolesChanged.type, { id: bea, roles: ['sre'] }), event(UserErased.type, { id: bea })],
        ...[event(UserEnabled.type, { id: ada })],
      ]),
    ).toEqual([
      { tenant: 'default', id: ada, roles: 'user,auditor', status: 'active' },
      { tenant: 'default', id: bea, roles: 'sre', status: 'erased' },
    ]));

  it('that only change leave open what is not said of them', () =>
    expect(foldUsers([event(UserRolesChanged.type, { id: ada, roles: ['sre'] })])).toEqual([
      { tenant: 'default', id: ada, roles: 'sre', status: null },
    ]));

  it('are not what a stream says that anybody can write to, nor what is no user', () => {
    const forged = event(
      UserRolesChanged.type,
      { id: ada, roles: ['admin'] },
      { source: '/concordat/iam.feed' },
    );
    expect(
      foldUsers([forged, event(UserCreated.type, { id: 'x', roles: [] }), event('constructor', {})]),
    ).toEqual([]);
  });
});
