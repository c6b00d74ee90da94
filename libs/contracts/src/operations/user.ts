import { z } from 'zod';
import { emailAddress } from '../email';
import { limits } from '../limits';
import { displayName, role, tenantId, timestamp, userId } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

export const userStatus = z.enum(['active', 'disabled', 'erased']);

const user = z.strictObject({
  id: userId,
  tenant: tenantId,
  /** null after erasure, like `name` */
  email: z.string().nullable(),
  name: z.string().nullable(),
  roles: z.array(role),
  status: userStatus,
  /** Without a password the user cannot log in. */
  hasPassword: z.boolean(),
  /** Logins are refused until then, after wrong passwords. */
  lockedUntil: timestamp.nullable(),
  createdAt: timestamp,
  changedAt: timestamp,
});
export type UserView = z.infer<typeof user>;

/** What it must be like, iam-service says (PASSWORD_UNACCEPTABLE); this is only the bound of the field. */
const password = z
  .string()
  .min(1)
  .max(limits.passwordBytes * 4);
const roles = z
  .array(role)
  .min(1)
  .max(role.options.length)
  .refine((list) => new Set(list).size === list.length, 'must name every role once');

export const userOperations = {
  'user.create': operation({
    name: 'user.create',
    service: 'iam',
    summary: 'Create a user; without a password the user cannot log in until one is set.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/users', status: 201 },
    input: z.strictObject({ email: emailAddress, name: displayName, roles, password: password.optional() }),
    output: user,
    errors: ['EMAIL_TAKEN', 'PASSWORD_UNACCEPTABLE'],
  }),
  'user.get': operation({
    name: 'user.get',
    service: 'iam',
    summary: 'Read one user: oneself, or as an administrator anybody in the tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/users/{id}', status: 200 },
    input: z.strictObject({ id: userId }),
    output: user,
    errors: ['USER_UNKNOWN'],
  }),
  'user.list': operation({
    name: 'user.list',
    service: 'iam',
    summary: 'List users, newest last, by email address, role or status.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/users', status: 200 },
    input: z.strictObject({
      email: emailAddress.optional(),
      role: role.optional(),
      status: userStatus.optional(),
      ...pageInput,
    }),
    output: page(user),
    errors: [],
  }),
  'user.update': operation({
    name: 'user.update',
    service: 'iam',
    summary:
      'Change name, email address, roles or status of a user; disabling ends all sessions, activating unlocks.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PATCH', path: '/v1/users/{id}', status: 200 },
    input: z.strictObject({
      id: userId,
      name: displayName.optional(),
      email: emailAddress.optional(),
      roles: roles.optional(),
      status: z.enum(['active', 'disabled']).optional(),
    }),
    output: user,
    errors: ['USER_UNKNOWN', 'USER_ERASED', 'EMAIL_TAKEN'],
  }),
  'user.setPassword': operation({
    name: 'user.setPassword',
    service: 'iam',
    summary:
      "Set a password, one's own with the current one, as an administrator anybody's; ends all sessions.",
    kind: 'command',
    caller: 'credential',
    http: { method: 'PUT', path: '/v1/users/{id}/password', status: 200 },
    input: z.strictObject({ id: userId, password, currentPassword: password.optional() }),
    output: user,
    errors: ['USER_UNKNOWN', 'USER_ERASED', 'PASSWORD_UNACCEPTABLE', 'PASSWORD_WRONG'],
  }),
  'user.erase': operation({
    name: 'user.erase',
    service: 'iam',
    summary: 'Erase the personal fields of a user by destroying their key; the facts of its history stay.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/users/{id}', status: 200 },
    input: z.strictObject({ id: userId }),
    output: z.strictObject({ id: userId, erasedAt: timestamp }),
    errors: ['USER_UNKNOWN'],
  }),
};
