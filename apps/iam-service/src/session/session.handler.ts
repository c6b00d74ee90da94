import {
  ConcordatError,
  hasScope,
  limits,
  LoginRefused,
  type OperationInput,
  type OperationOutput,
  type Position,
  type Principal,
} from '@concordat/contracts';
import { refreshTokenHash } from '@concordat/crypto';
import type {
  CommandContext,
  CommandContexts,
  CommandOutcome,
  CommandRunner,
  EventStore,
} from '@concordat/eventsourcing';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';
import { v7 as uuidV7 } from 'uuid';
import { readListCursor, toPage } from '../list-cursor';
import { idMadeBefore } from '../repeated-command';
import { msBetween, plusMs } from '../times';
import type { LoginRefusal, PasswordCheck } from '../user/password-check';
import { requireUser } from '../user/user.handler';
import { isSelf } from '../user/user-rights';
import type { SessionOwner, UserQueries } from '../user/user.projection';
import { networksOf } from './networks-of';
import type { LoginThrottle } from './login-throttle';
import type { SessionEnds } from './session-ends';
import { type SessionCommand, sessionDecider, sessionEnd, type SessionState } from './session.decider';
import {
  isBefore,
  type KnownSession,
  sessionProjection,
  type SessionQueries,
  sessionStream,
} from './session.projection';
import type { SessionTokens } from './session-tokens';

export interface SessionPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly users: UserQueries;
  readonly sessions: SessionQueries;
  readonly ends: SessionEnds;
  readonly check: PasswordCheck;
  readonly throttle: LoginThrottle;
  readonly tokens: SessionTokens;
  readonly refusals: RefusalFeed;
}

type Tokens = OperationOutput<'session.open'>;

/** The operations `session.*`. */
export function sessionHandlers(ports: SessionPorts) {
  const { contexts, store, users, sessions, ends } = ports;
  const here = async () => (await store.head()).at;

  return {
    'session.open': async (input, context) => {
      const owner = await requireOwner(ports, input, context);
      return open(ports, input, context, owner);
    },

    'session.refresh': async ({ refreshToken }, context) => {
      const known = requireKnown(ports, refreshToken);
      const owner = users.owner(known.tenant, known.view.userId);
      if (owner?.status !== 'active' || isBefore(known.openedAt, owner.sessionsSince))
        throw new ConcordatError('REFRESH_REFUSED');
      return refresh(ports, refreshToken, context, known, owner);
    },

    'session.list': async ({ userId, status, limit, cursor }, { principal }) => {
      const whose = requireWhose(users, principal, userId);
      const [after] = readListCursor(cursor, 1);
      const rows = sessions.list(principal.tenant, { userId: whose, status }, after!, limit + 1);
      const output = toPage(
        rows,
        limit,
        (session) => session,
        ({ id }) => [id],
      );
      return { output, position: await here() };
    },

    'session.revoke': async ({ id }, context) => {
      const { principal } = context;
      const found = sessions.find(principal.tenant, id);
      // What one may not touch is as if it were not there.
      const isOwn = found !== undefined && isSelf(principal, found.view.userId);
      if (!found || (!isOwn && !hasScope(principal, 'admin'))) throw new ConcordatError('SESSION_UNKNOWN');
      const reason = isOwn ? 'logged-out' : 'revoked';
      const { at } = await ends.one(contexts.of(context, { id }), id, reason);
      return { output: sessions.find(principal.tenant, id)!.view, position: at };
    },
  } satisfies OperationHandlers;
}

const run = (
  { runner }: SessionPorts,
  context: CommandContext,
  command: SessionCommand,
): Promise<CommandOutcome<SessionState>> =>
  runner.run(context, {
    stream: sessionStream(command.id),
    decider: sessionDecider,
    command,
    projection: sessionProjection,
  });

/** @throws ConcordatError LOGIN_REFUSED, LOGIN_THROTTLED, OVERLOADED; the refusal is in the audit feed by then */
async function requireOwner(
  ports: SessionPorts,
  { tenant, email, password, source }: OperationInput<'session.open'>,
  context: OperationContext,
): Promise<SessionOwner> {
  const { users, check, throttle } = ports;
  throttle.require(source);
  const id = users.idByEmail(tenant, email);
  // Read before the password: what ends all sessions while it is compared, ends this one too.
  const owner = id === undefined ? undefined : users.owner(tenant, id);
  const refusal = await check.judge(tenant, id, password, networksOf(source).site);
  if (refusal === undefined && owner) return owner;
  throttle.failed(source);
  return refuse(ports, tenant, email, id ?? null, refusal ?? 'unknown-user', context);
}

async function refuse(
  { refusals, contexts }: SessionPorts,
  tenant: string,
  email: string,
  userId: string | null,
  reason: LoginRefusal,
  { conversation, traceparent }: OperationContext,
): Promise<never> {
  await refusals.append({
    spec: LoginRefused,
    // By the address, not by the user or the reason: the feed takes as long for somebody as for nobody.
    key: `login ${tenant} ${contexts.blindName('login', tenant, email)}`,
    tenant,
    actor: 'anonymous',
    data: { userId, reason },
    correlation: conversation,
    traceparent,
  });
  throw new ConcordatError('LOGIN_REFUSED');
}

async function open(
  ports: SessionPorts,
  { tenant, email }: OperationInput<'session.open'>,
  context: OperationContext,
  owner: SessionOwner,
): Promise<{ output: Tokens; position: Position }> {
  const { contexts, store, users, ends, tokens } = ports;
  // The password stays out of the memo, whose digest would be quicker to guess against than the hash.
  const commandContext = { ...contexts.of(context, { email }, tenant), actor: `user:${owner.id}` };
  const id = (await idMadeBefore(store, commandContext, sessionStream(''))) ?? uuidV7();
  const refreshToken = tokens.newRefreshToken(id);
  const tokenId = tokens.newTokenId();
  const expiresAt = plusMs(commandContext.time, limits.sessionSeconds * 1_000);
  const { isRepetition, at } = await run(ports, commandContext, {
    ...{
      kind: 'OpenSession',
      id,
      userId: owner.id,
      refreshHash: refreshTokenHash(refreshToken),
      tokenId,
      expiresAt,
    },
  });
  if (isRepetition) throw new ConcordatError('SECRET_ALREADY_SHOWN');
  const since = users.owner(tenant, owner.id)!.sessionsSince;
  if (isBefore(owner.sessionsSince, since)) {
    await ends.one(contexts.ofService('iam', tenant), id, 'revoked');
    throw new ConcordatError('LOGIN_REFUSED');
  }
  await ends.all(tenant, owner.id, 'displaced', limits.sessionsPerUser);
  const facts = { tenant, userId: owner.id, roles: owner.roles, sessionId: id, tokenId, openedAt: at };
  const accessToken = tokens.accessToken({ ...facts, issuedAt: commandContext.time });
  const refreshExpiresIn = secondsBetween(commandContext.time, sessionEnd(commandContext.time, expiresAt));
  return { output: answer(accessToken, refreshToken, refreshExpiresIn, id), position: at };
}

async function refresh(
  ports: SessionPorts,
  refreshToken: string,
  context: OperationContext,
  { tenant, view: { id, userId }, openedAt }: KnownSession,
  { roles }: SessionOwner,
): Promise<{ output: Tokens; position: Position }> {
  const { contexts, tokens } = ports;
  // Without a memo: a token that comes again is judged by what became of it, also when its first answer was lost.
  const commandContext = { ...contexts.of(context, {}, tenant), actor: `user:${userId}`, command: null };
  const { time } = commandContext;
  const next = tokens.newRefreshToken(id);
  const tokenId = tokens.newTokenId();
  const { state, at } = await run(ports, commandContext, {
    kind: 'RefreshSession',
    id,
    tradedHash: refreshTokenHash(refreshToken),
    refreshHash: refreshTokenHash(next),
    tokenId,
    now: time,
  });
  if (state!.endedAt !== null) throw new ConcordatError('REFRESH_REFUSED');
  const facts = { tenant, userId, roles, sessionId: id, tokenId, openedAt };
  const accessToken = tokens.accessToken({ ...facts, issuedAt: time });
  const refreshExpiresIn = secondsBetween(time, sessionEnd(time, state!.expiresAt));
  return { output: answer(accessToken, next, refreshExpiresIn, id), position: at };
}

const answer = (
  accessToken: string,
  refreshToken: string,
  refreshExpiresIn: number,
  sessionId: string,
): Tokens => ({
  ...{ accessToken, tokenType: 'Bearer', expiresIn: limits.accessTokenSeconds },
  ...{ refreshToken, refreshExpiresIn, sessionId },
});

const secondsBetween = (from: string, to: string): number =>
  Math.max(Math.floor(msBetween(from, to) / 1_000), 0);

/** @throws ConcordatError REFRESH_REFUSED */
function requireKnown({ sessions, tokens }: SessionPorts, refreshToken: string): KnownSession {
  const id = tokens.sessionOf(refreshToken);
  const known = id === undefined ? undefined : sessions.findAnywhere(id);
  if (!known) throw new ConcordatError('REFRESH_REFUSED');
  return known;
}

/**
 * Whose sessions somebody may list.
 * @returns undefined: everybody's in the tenant
 * @throws ConcordatError SCOPE_MISSING, USER_UNKNOWN
 */
function requireWhose(
  users: UserQueries,
  principal: Principal,
  userId: string | undefined,
): string | undefined {
  const wanted = userId ?? (principal.kind === 'user' ? principal.id : undefined);
  if (wanted !== undefined && isSelf(principal, wanted)) return wanted;
  if (!hasScope(principal, 'admin')) {
    throw wanted === undefined
      ? new ConcordatError('SCOPE_MISSING', 'session.list of everybody needs the scope "admin".')
      : new ConcordatError('USER_UNKNOWN');
  }
  return wanted === undefined ? undefined : requireUser(users, principal.tenant, wanted).id;
}
