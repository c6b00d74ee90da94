import {
  type LoginFailed,
  type LoginUnlocked,
  type UserChanged,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  type UserEvent,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import { changed, type Changes, made } from './kind';

export const userName = (tenant: string, id: string): string => `user ${tenant} ${id}`;

type DirectoryEventTypes = Exclude<
  UserEvent['type'],
  typeof UserChanged.type | typeof LoginFailed.type | typeof LoginUnlocked.type
>;

/** Names, addresses and wrong passwords are no business of the doors. */
export const userChanges: Changes<Extract<UserEvent, { type: DirectoryEventTypes }>> = {
  [UserCreated.type]: ({ id, roles }, { tenant, at }) =>
    made(userName(tenant, id), { kind: 'user', tenant, id, roles, status: 'active', sessionsSince: at }),
  [UserRolesChanged.type]: ({ id, roles }, { tenant }) => changed<'user'>(userName(tenant, id), { roles }),
  [UserPasswordChanged.type]: ({ id, cause }, { tenant, at }) =>
    changed<'user'>(userName(tenant, id), cause === 'rehashed' ? {} : { sessionsSince: at }),
  [UserDisabled.type]: ({ id }, { tenant, at }) =>
    changed<'user'>(userName(tenant, id), { status: 'disabled', sessionsSince: at }),
  [UserEnabled.type]: ({ id }, { tenant }) => changed<'user'>(userName(tenant, id), { status: 'active' }),
  [UserErased.type]: ({ id }, { tenant, at }) =>
    changed<'user'>(userName(tenant, id), { status: 'erased', sessionsSince: at }),
};
