import {
  ConcordatError,
  LoginFailed,
  LoginUnlocked,
  type Role,
  UserChanged,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  type UserEvent,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import { hasCome } from '../times';
import { lockEnd } from './lockout';

export interface CreateUser {
  readonly kind: 'CreateUser';
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** PHC string; null: cannot log in yet */
  readonly passwordHash: string | null;
}

export interface UpdateUser {
  readonly kind: 'UpdateUser';
  readonly id: string;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
}

export interface SetPassword {
  readonly kind: 'SetPassword';
  readonly id: string;
  readonly passwordHash: string;
  readonly cause: 'changed' | 'reset' | 'rehashed';
  /** Only while this is the hash; undefined: whatever it is. */
  readonly replaces?: string;
}

/** Somebody gave a password, and it was compared with `against`. */
export interface JudgeLogin {
  readonly kind: 'JudgeLogin';
  readonly id: string;
  readonly against: string;
  readonly isRight: boolean;
  /** RFC 3339 */
  readonly now: string;
}

export interface EraseUser {
  readonly kind: 'EraseUser';
  readonly id: string;
}

export type UserCommand = CreateUser | UpdateUser | SetPassword | JudgeLogin | EraseUser;

export interface User {
  readonly id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly roles: readonly Role[];
  readonly status: 'active' | 'disabled' | 'erased';
  readonly passwordHash: string | null;
  /** wrong passwords since the last right one */
  readonly failures: number;
  readonly lockedUntil: string | null;
  readonly createdAt: string;
  readonly changedAt: string;
}

/** undefined: never created */
export type UserState = User | undefined;

/** The life of a user: created, changed, disabled and enabled, erased for good. And how often somebody guessed. */
export const userDecider: Decider<UserCommand, UserEvent, UserState> = {
  initialState: undefined,
  readsSealedFields: true,

  decide(command, user) {
    switch (command.kind) {
      case 'CreateUser':
        if (user) throw new ConcordatError('VERSION_CONFLICT', 'There is a user with this id.');
        return create(command);
      case 'UpdateUser':
        return update(command, requireLiving(user));
      case 'SetPassword': {
        const { id, passwordHash, cause, replaces } = command;
        if (replaces !== undefined && requireLiving(user).passwordHash !== replaces) return [];
        requireLiving(user);
        return [{ type: UserPasswordChanged.type, data: { id, passwordHash, cause } }];
      }
      case 'JudgeLogin':
        return judge(command, user);
      case 'EraseUser':
        if (!user) throw new ConcordatError('USER_UNKNOWN');
        return user.status === 'erased' ? [] : [{ type: UserErased.type, data: { id: command.id } }];
      default:
        return command satisfies never;
    }
  },

  evolve(user, event, time) {
    if (event.type === UserCreated.type) {
      const unlocked = { passwordHash: null, failures: 0, lockedUntil: null };
      return { ...event.data, ...unlocked, status: 'active', createdAt: time, changedAt: time };
    }
    return user && { ...user, ...changeOf(event, time) };
  },
};

function changeOf(event: Exclude<UserEvent, { type: typeof UserCreated.type }>, time: string): Partial<User> {
  const unlocked = { failures: 0, lockedUntil: null };
  switch (event.type) {
    case UserChanged.type:
      return { email: event.data.email, name: event.data.name, changedAt: time };
    case UserRolesChanged.type:
      return { roles: event.data.roles, changedAt: time };
    case UserPasswordChanged.type: {
      const { passwordHash, cause } = event.data;
      return cause === 'rehashed' ? { passwordHash } : { passwordHash, ...unlocked, changedAt: time };
    }
    case UserDisabled.type:
      return { status: 'disabled', changedAt: time };
    case UserEnabled.type:
      return { status: 'active', changedAt: time };
    case UserErased.type:
      return { status: 'erased', email: null, name: null, passwordHash: null, ...unlocked, changedAt: time };
    case LoginFailed.type:
      return { failures: event.data.failures, lockedUntil: event.data.lockedUntil };
    case LoginUnlocked.type:
      return unlocked;
    default:
      return event satisfies never;
  }
}

/** @throws ConcordatError USER_UNKNOWN, USER_ERASED */
function requireLiving(user: UserState): User {
  if (!user) throw new ConcordatError('USER_UNKNOWN');
  if (user.status === 'erased') throw new ConcordatError('USER_ERASED');
  return user;
}

function create({ id, email, name, roles, passwordHash }: CreateUser): UserEvent[] {
  const created: UserEvent = { type: UserCreated.type, data: { id, email, name, roles: [...roles] } };
  if (passwordHash === null) return [created];
  return [created, { type: UserPasswordChanged.type, data: { id, passwordHash, cause: 'set' } }];
}

/** One event per matter, and none for what is so already. */
function update({ id, roles, status, ...command }: UpdateUser, user: User): UserEvent[] {
  const { email = user.email, name = user.name } = command;
  const isRenamed = email !== user.email || name !== user.name;
  const hasOtherRoles = roles !== undefined && [...roles].sort().join() !== [...user.roles].sort().join();
  const events: UserEvent[] = [];
  if (isRenamed) events.push({ type: UserChanged.type, data: { id, email, name } });
  if (hasOtherRoles) events.push({ type: UserRolesChanged.type, data: { id, roles: [...roles] } });
  if (status === 'disabled' && user.status === 'active')
    events.push({ type: UserDisabled.type, data: { id } });
  if (status === 'active' && user.status === 'disabled')
    events.push({ type: UserEnabled.type, data: { id } });
  if (status === 'active' && user.failures > 0) events.push({ type: LoginUnlocked.type, data: { id } });
  return events;
}

/**
 * Judged here, one after the other, and not where passwords are compared: however many are tried at the same time, only
 * those before the lock count, and behind it not even the right one opens.
 */
function judge({ id, against, isRight, now }: JudgeLogin, user: UserState): UserEvent[] {
  const isLocked = user !== undefined && user.lockedUntil !== null && !hasCome(user.lockedUntil, now);
  if (user?.status !== 'active' || user.passwordHash !== against || isLocked)
    throw new ConcordatError('LOGIN_REFUSED');
  if (isRight) return user.failures > 0 ? [{ type: LoginUnlocked.type, data: { id } }] : [];
  const failures = user.failures + 1;
  return [{ type: LoginFailed.type, data: { id, failures, lockedUntil: lockEnd(failures, now) } }];
}
