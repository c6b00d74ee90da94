import {
  LoginFailed,
  LoginUnlocked,
  UserChanged,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  type UserEvent,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { lockEnd } from './lockout';
import { type UserCommand, userDecider } from './user.decider';

const given = specification(userDecider);
const id = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const now = '2026-01-01T00:00:00.000Z';
const facts = { id, email: 'ada@example.org', name: 'Ada', roles: ['user' as const] };

const create: UserCommand = { kind: 'CreateUser', ...facts, passwordHash: null };
const update = (over: object): UserCommand => ({ kind: 'UpdateUser', id, ...over });
const set = (over: object = {}): UserCommand => ({
  ...{ kind: 'SetPassword', id, passwordHash: 'h2', cause: 'reset' },
  ...over,
});
const judge = (isRight: boolean, over: object = {}): UserCommand => ({
  ...{ kind: 'JudgeLogin', id, against: 'h1', isRight, now },
  ...over,
});
const erase: UserCommand = { kind: 'EraseUser', id };

const created: UserEvent = { type: UserCreated.type, data: facts };
const passworded = (
  passwordHash = 'h1',
  cause: 'set' | 'changed' | 'reset' | 'rehashed' = 'set',
): UserEvent => ({
  type: UserPasswordChanged.type,
  data: { id, passwordHash, cause },
});
const disabled: UserEvent = { type: UserDisabled.type, data: { id } };
const enabled: UserEvent = { type: UserEnabled.type, data: { id } };
const erased: UserEvent = { type: UserErased.type, data: { id } };
const unlocked: UserEvent = { type: LoginUnlocked.type, data: { id } };
const failed = (failures: number): UserEvent => ({
  type: LoginFailed.type,
  data: { id, failures, lockedUntil: lockEnd(failures, now) },
});
const ready = [created, passworded()];
const failures = (count: number): UserEvent[] => Array.from({ length: count }, (_, i) => failed(i + 1));

describe('an id without a user', () => {
  it('gets one', () => given([]).when(create).then([created]));
  it('gets one with a password', () =>
    given([])
      .when({ ...create, passwordHash: 'h1' } as UserCommand)
      .then(ready));
  it('has nothing to change', () => {
    for (const command of [update({ name: 'x' }), set(), erase])
      given([]).when(command).refuses('USER_UNKNOWN');
  });
  it('is no login', () => given([]).when(judge(true)).refuses('LOGIN_REFUSED'));
});

describe('an active user', () => {
  it('is not made again', () => given(ready).when(create).refuses('VERSION_CONFLICT'));
  it('is changed, one event for each matter', () =>
    given(ready)
      .when(update({ name: 'Ada King', email: 'a@b.c', roles: ['sre', 'user'], status: 'disabled' }))
      .then([
        { type: UserChanged.type, data: { id, email: 'a@b.c', name: 'Ada King' } },
        { type: UserRolesChanged.type, data: { id, roles: ['sre', 'user'] } },
        disabled,
      ]));
  it('is not changed to what it is', () =>
    given([...ready])
      .when(update({ name: 'Ada', email: 'ada@example.org', roles: ['user'], status: 'active' }))
      .then([]));
  it('gets another password', () =>
    given(ready)
      .when(set())
      .then([passworded('h2', 'reset')]));
  it('is hashed anew unless the password was changed meanwhile', () => {
    const again = set({ cause: 'rehashed', replaces: 'h1' });
    given(ready)
      .when(again)
      .then([passworded('h2', 'rehashed')]);
    given([...ready, passworded('h3', 'changed')])
      .when(again)
      .then([]);
  });
  it('is erased', () => given(ready).when(erase).then([erased]));
});

describe('a disabled user', () => {
  it('does not log in', () =>
    given([...ready, disabled])
      .when(judge(true))
      .refuses('LOGIN_REFUSED'));
  it('is enabled', () =>
    given([...ready, disabled])
      .when(update({ status: 'active' }))
      .then([enabled]));
  it('stays disabled without a further event', () =>
    given([...ready, disabled])
      .when(update({ status: 'disabled' }))
      .then([]));
});

describe('an erased user', () => {
  const gone = given([...ready, erased]);
  it('keeps id and roles, and loses everything personal', () =>
    expect(gone.state).toMatchObject({ id, roles: ['user'], email: null, name: null, passwordHash: null }));
  it('is not changed any more', () => {
    for (const command of [update({ name: 'x' }), set()]) gone.when(command).refuses('USER_ERASED');
    gone.when(judge(true)).refuses('LOGIN_REFUSED');
  });
  it('stays erased without a further event', () => gone.when(erase).then([]));
});

describe('a login', () => {
  it('that is right leaves nothing behind', () => given(ready).when(judge(true)).then([]));
  it('that is right forgets the failures of before', () =>
    given([...ready, ...failures(3)])
      .when(judge(true))
      .then([unlocked]));
  it('that is wrong is counted, and from the fifth on locks for longer and longer', () => {
    given([...ready, ...failures(3)])
      .when(judge(false))
      .then([{ type: LoginFailed.type, data: { id, failures: 4, lockedUntil: null } }]);
    const locks = [5, 6, 7, 9, 10, 100, 1e9].map(
      (count) => Date.parse(lockEnd(count, now)!) - Date.parse(now),
    );
    expect(locks).toEqual([30_000, 60_000, 120_000, 480_000, 900_000, 900_000, 900_000]);
  });
  it('is refused while locked, right or wrong, and is not counted', () => {
    const locked = given([...ready, ...failures(5)]);
    for (const isRight of [true, false]) locked.when(judge(isRight)).refuses('LOGIN_REFUSED');
    const later = { now: '2026-01-01T00:00:30.000Z' };
    locked.when(judge(true, later)).then([unlocked]);
    locked
      .when(judge(false, later))
      .then([{ type: LoginFailed.type, data: { id, failures: 6, lockedUntil: '2026-01-01T00:01:30.000Z' } }]);
  });
  it('with a password that was changed while it was compared, is refused', () =>
    given([...ready, passworded('h2', 'changed')])
      .when(judge(true))
      .refuses('LOGIN_REFUSED'));
  it('is unlocked by an administrator, by activating or by a new password', () => {
    given([...ready, ...failures(5)])
      .when(update({ status: 'active' }))
      .then([unlocked]);
    expect(given([...ready, ...failures(5), passworded('h2', 'reset')]).state).toMatchObject({
      ...{ failures: 0, lockedUntil: null },
    });
    expect(given([...ready, ...failures(5), passworded('h2', 'rehashed')]).state?.failures).toBe(5);
  });
});
