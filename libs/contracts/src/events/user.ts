import { z } from 'zod';
import { role, timestamp, userId } from '../names';
import { type EventOf, event } from './event';

/** Under what the personal fields of a user are encrypted: whoever destroys it erases the user. */
const sealedUnderUser = ({ id }: { readonly id: string }): [string] => [`user/${id}`];
const aboutUser = ({ id }: { readonly id: string }): string => `user:${id}`;

export const UserCreated = event({
  type: 'concordat.iam.user.created.v1',
  summary: 'A user was created.',
  data: z.strictObject({
    id: userId,
    /** null after erasure, like `name` */
    email: z.string().nullable(),
    name: z.string().nullable(),
    roles: z.array(role),
  }),
  sealed: { fields: ['email', 'name'], keyPath: sealedUnderUser },
  subject: aboutUser,
});

export const UserChanged = event({
  type: 'concordat.iam.user.changed.v1',
  summary: 'The name or the email address of a user was changed.',
  data: z.strictObject({ id: userId, email: z.string().nullable(), name: z.string().nullable() }),
  sealed: { fields: ['email', 'name'], keyPath: sealedUnderUser },
  subject: aboutUser,
});

export const UserRolesChanged = event({
  type: 'concordat.iam.user-roles.changed.v1',
  summary: 'A user has other roles; doors take them from here, not from tokens.',
  data: z.strictObject({ id: userId, roles: z.array(role) }),
  control: true,
  subject: aboutUser,
});

export const UserPasswordChanged = event({
  type: 'concordat.iam.user-password.changed.v1',
  summary: 'A user has another password, or another hash of the same; what was opened before a new one ends.',
  data: z.strictObject({
    id: userId,
    /** PHC string; null after erasure */
    passwordHash: z.string().nullable(),
    /** `rehashed`: the same password under a harder function */
    cause: z.enum(['set', 'changed', 'reset', 'rehashed']),
  }),
  sealed: { fields: ['passwordHash'], keyPath: sealedUnderUser },
  control: true,
  subject: aboutUser,
});

export const UserDisabled = event({
  type: 'concordat.iam.user.disabled.v1',
  summary: 'A user may not come in; all sessions ended.',
  data: z.strictObject({ id: userId }),
  control: true,
  subject: aboutUser,
});

export const UserEnabled = event({
  type: 'concordat.iam.user.enabled.v1',
  summary: 'A disabled user may come in again.',
  data: z.strictObject({ id: userId }),
  subject: aboutUser,
});

export const UserErased = event({
  type: 'concordat.iam.user.erased.v1',
  summary: 'The key of the personal fields of a user was ordered destroyed; all sessions ended.',
  data: z.strictObject({ id: userId }),
  destroys: sealedUnderUser,
  control: true,
  subject: aboutUser,
});

export const LoginFailed = event({
  type: 'concordat.iam.login.failed.v1',
  summary: 'Somebody gave a wrong password for a user; from the fifth on the user is locked for a while.',
  data: z.strictObject({
    id: userId,
    /** since the last success */
    failures: z.number().int().positive(),
    lockedUntil: timestamp.nullable(),
  }),
  subject: aboutUser,
});

export const LoginUnlocked = event({
  type: 'concordat.iam.login.unlocked.v1',
  summary: 'The failed logins of a user were forgotten, by a success or by an administrator.',
  data: z.strictObject({ id: userId }),
  subject: aboutUser,
});

export const LoginRefused = event({
  type: 'concordat.iam.login.refused.v1',
  summary: 'A login was refused; repetitions within a short time are counted together.',
  data: z.strictObject({
    /** null: nobody has the email address */
    userId: userId.nullable(),
    reason: z.enum(['unknown-user', 'inactive-user', 'no-password', 'wrong-password', 'locked']),
    count: z.number().int().positive(),
  }),
  // Strangers must not be able to make subjects.
  subject: ({ userId }) => (userId === null ? 'stranger' : `user:${userId}`),
});

export const SessionOpened = event({
  type: 'concordat.iam.session.opened.v1',
  summary: 'A user logged in; of the refresh token only the hash is kept.',
  data: z.strictObject({
    id: z.uuidv7(),
    userId,
    refreshHash: z.string(),
    tokenId: z.string(),
    /** The session ends then, however often it is refreshed. */
    expiresAt: timestamp,
  }),
  subject: ({ userId }) => `user:${userId}`,
});

export const SessionRefreshed = event({
  type: 'concordat.iam.session.refreshed.v1',
  summary: 'A refresh token was traded for the next one and an access token.',
  data: z.strictObject({
    id: z.uuidv7(),
    userId,
    /** of the refresh token that came */
    tradedHash: z.string(),
    /** of the one that was given for it */
    refreshHash: z.string(),
    tokenId: z.string(),
  }),
  subject: ({ userId }) => `user:${userId}`,
});

export const SessionEnded = event({
  type: 'concordat.iam.session.ended.v1',
  summary: 'A session ended before its time; every door refuses its tokens.',
  data: z.strictObject({
    id: z.uuidv7(),
    userId,
    /** `replayed`: a refresh token that was traded before came again, so somebody else has a copy. */
    reason: z.enum(['logged-out', 'revoked', 'replayed', 'displaced']),
  }),
  control: true,
  subject: ({ userId }) => `user:${userId}`,
});

export type UserEvent =
  | EventOf<typeof UserCreated>
  | EventOf<typeof UserChanged>
  | EventOf<typeof UserRolesChanged>
  | EventOf<typeof UserPasswordChanged>
  | EventOf<typeof UserDisabled>
  | EventOf<typeof UserEnabled>
  | EventOf<typeof UserErased>
  | EventOf<typeof LoginFailed>
  | EventOf<typeof LoginUnlocked>;
export type SessionEvent =
  EventOf<typeof SessionOpened> | EventOf<typeof SessionRefreshed> | EventOf<typeof SessionEnded>;
