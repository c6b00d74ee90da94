import { z } from 'zod';
import { emailAddress } from '../email';
import { limits } from '../limits';
import { defaultTenant, tenantId, timestamp, userId } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

export const sessionId = z.uuidv7();
export const sessionStatus = z.enum(['active', 'ended']);

const session = z.strictObject({
  id: sessionId,
  userId,
  status: sessionStatus,
  createdAt: timestamp,
  /** When an access token was last issued in it. */
  refreshedAt: timestamp,
  expiresAt: timestamp,
});
export type SessionView = z.infer<typeof session>;

const tokens = z.strictObject({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** seconds, like `refreshExpiresIn` */
  expiresIn: z.number().int().min(0).max(limits.accessTokenSeconds),
  /** `ccr_…`: good for one trade, for which the next one comes. */
  refreshToken: z.string(),
  refreshExpiresIn: z.number().int().min(0).max(limits.sessionSeconds),
  sessionId,
});

const login = {
  tenant: tenantId.default(defaultTenant),
  email: emailAddress,
  password: z
    .string()
    .min(1)
    .max(limits.passwordBytes * 4),
};
/** Where a request comes from, as the gateway saw it; empty when it did not. */
const source = z.string().max(64);
const refreshToken = z.string().min(1).max(256);

export const sessionOperations = {
  'auth.login': operation({
    name: 'auth.login',
    service: 'bus',
    summary: 'Open a session with email address and password. Answers alike whatever was wrong.',
    kind: 'command',
    caller: 'none',
    http: { method: 'POST', path: '/v1/auth/login', status: 200 },
    input: z.strictObject(login),
    output: tokens,
    errors: ['LOGIN_REFUSED', 'LOGIN_THROTTLED', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
  'auth.refresh': operation({
    name: 'auth.refresh',
    service: 'bus',
    summary:
      'Trade a refresh token for the next one and an access token. One that was traded before ends the session.',
    kind: 'command',
    caller: 'none',
    http: { method: 'POST', path: '/v1/auth/refresh', status: 200 },
    input: z.strictObject({ refreshToken }),
    output: tokens,
    errors: ['REFRESH_REFUSED'],
    neverCompressed: true,
  }),
  'session.open': operation({
    name: 'session.open',
    service: 'iam',
    summary: 'Check email address and password of a stranger at a gateway, and open a session.',
    kind: 'command',
    caller: 'gateway',
    input: z.strictObject({ ...login, source }),
    output: tokens,
    errors: ['LOGIN_REFUSED', 'LOGIN_THROTTLED', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
  'session.refresh': operation({
    name: 'session.refresh',
    service: 'iam',
    summary: 'Check the refresh token of a stranger at a gateway, and trade it.',
    kind: 'command',
    caller: 'gateway',
    input: z.strictObject({ refreshToken }),
    output: tokens,
    errors: ['REFRESH_REFUSED'],
    neverCompressed: true,
  }),
  'session.list': operation({
    name: 'session.list',
    service: 'iam',
    summary: "List sessions, newest last: one's own, or as an administrator those of anybody in the tenant.",
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/sessions', status: 200 },
    input: z.strictObject({
      /** Default: oneself. */
      userId: userId.optional(),
      status: sessionStatus.optional(),
      ...pageInput,
    }),
    output: page(session),
    errors: ['USER_UNKNOWN'],
  }),
  'session.revoke': operation({
    name: 'session.revoke',
    service: 'iam',
    summary:
      "End a session, one's own or as an administrator anybody's: every door refuses its tokens within a second.",
    kind: 'command',
    caller: 'credential',
    http: { method: 'DELETE', path: '/v1/sessions/{id}', status: 200 },
    input: z.strictObject({ id: sessionId }),
    output: session,
    errors: ['SESSION_UNKNOWN'],
  }),
};
