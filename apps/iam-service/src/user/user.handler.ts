import {
  ConcordatError,
  hasScope,
  isConcordatError,
  type OperationInput,
  type UserView,
} from '@concordat/contracts';
import type {
  CommandContext,
  CommandContexts,
  CommandOutcome,
  CommandRunner,
  EventStore,
} from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { SqlJobError } from '@concordat/sqlite';
import { v7 as uuidV7 } from 'uuid';
import { readListCursor, toPage } from '../list-cursor';
import { idMadeBefore } from '../repeated-command';
import type { PasswordCheck } from './password-check';
import type { PasswordHasher } from './password-hasher';
import { requireGoodPassword } from './password-rules';
import { isSelf, requireNoSelfPromotion, requireReach } from './user-rights';
import { type UserCommand, userDecider, type UserState } from './user.decider';
import { emailColumns, userProjection, type UserQueries, userStream } from './user.projection';

export interface UserPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly keystore: Keystore;
  readonly users: UserQueries;
  readonly hasher: PasswordHasher;
  readonly check: PasswordCheck;
}

/** The operations `user.*`. */
export function userHandlers(ports: UserPorts) {
  const { contexts, store, keystore, users } = ports;
  const here = async () => (await store.head()).at;

  return {
    'user.create': async (input, context) => {
      const { state, at } = await create(ports, input, context);
      return { output: toView(state, context.principal.tenant), position: at };
    },

    'user.get': async ({ id }, { principal }) => {
      // Whom one may not see is as if there were nobody.
      if (!isSelf(principal, id) && !hasScope(principal, 'admin')) throw new ConcordatError('USER_UNKNOWN');
      return { output: requireUser(users, principal.tenant, id), position: await here() };
    },

    'user.list': async ({ limit, cursor, ...filter }, { principal }) => {
      const [after] = readListCursor(cursor, 1);
      const rows = users.list(principal.tenant, filter, after!, limit + 1);
      const output = toPage(
        rows,
        limit,
        (user) => user,
        ({ id }) => [id],
      );
      return { output, position: await here() };
    },

    'user.update': async (input, context) => {
      const { principal } = context;
      const user = requireUser(users, principal.tenant, input.id);
      const takesAway = input.status === 'disabled' && Object.keys(input).length === 2;
      if (!takesAway) requireReach(principal, user.roles);
      if (input.roles) requireReach(principal, input.roles);
      if (input.roles) requireNoSelfPromotion(principal, user, input.roles);
      const command: UserCommand = { kind: 'UpdateUser', ...input };
      const { at } = await run(ports, contexts.of(context, input), command);
      return { output: requireUser(users, principal.tenant, input.id), position: at };
    },

    'user.setPassword': async (input, context) => {
      const { at } = await setPassword(ports, input, context);
      return { output: requireUser(users, context.principal.tenant, input.id), position: at };
    },

    'user.erase': async (input, context) => {
      const { tenant } = context.principal;
      const { state, at } = await run(ports, contexts.of(context, input), { kind: 'EraseUser', ...input });
      // Done again when the command is repeated: the process may have ended between the event and this line.
      await keystore.destroy(tenant, [userStream(input.id)]);
      await store.purge();
      return { output: { id: input.id, erasedAt: state!.changedAt }, position: at };
    },
  } satisfies OperationHandlers;
}

/** @throws ConcordatError what the decider refuses; EMAIL_TAKEN */
async function run(
  { runner }: UserPorts,
  context: CommandContext,
  command: UserCommand,
  requires?: () => void,
): Promise<CommandOutcome<UserState>> {
  try {
    return await runner.run(context, {
      stream: userStream(command.id),
      decider: userDecider,
      command,
      projection: userProjection,
      ...(requires && { requires }),
    });
  } catch (error) {
    // Two at the same time: the index of the table lets one of them through.
    const isTaken = error instanceof SqlJobError && error.uniqueColumns === emailColumns;
    throw isTaken ? new ConcordatError('EMAIL_TAKEN') : error;
  }
}

async function create(
  ports: UserPorts,
  { password, ...input }: OperationInput<'user.create'>,
  context: OperationContext,
): Promise<CommandOutcome<UserState>> {
  const { contexts, store, keystore, users, hasher } = ports;
  requireReach(context.principal, input.roles);
  if (password !== undefined) requireGoodPassword(password, input);
  // The password stays out of the memo, whose digest would be quicker to guess against than the hash.
  const commandContext = contexts.of(context, { ...input, hasPassword: password !== undefined });
  const { tenant } = commandContext;
  const passwordHash = password === undefined ? null : await hasher.hash(password);
  const make = async (id: string): Promise<CommandOutcome<UserState>> => {
    const outcome = await run(
      ports,
      commandContext,
      { kind: 'CreateUser', id, ...input, passwordHash },
      () => {
        if (users.idByEmail(tenant, input.email) !== undefined) throw new ConcordatError('EMAIL_TAKEN');
      },
    );
    if (password !== undefined) await requireSamePassword(hasher, outcome, password);
    return outcome;
  };
  const before = await idMadeBefore(store, commandContext, userStream(''));
  if (before !== undefined) return make(before);
  const id = uuidV7();
  try {
    return await make(id);
  } catch (error) {
    if (!isConcordatError(error, 'EMAIL_TAKEN')) throw error;
    // A key may have been made for the event that was not written.
    await keystore.destroy(tenant, [userStream(id)]);
    // Taken, perhaps, by this very command, come twice at the same time.
    const other = await idMadeBefore(store, commandContext, userStream(''));
    if (other === undefined || other === id) throw error;
    return make(other);
  }
}

async function setPassword(
  ports: UserPorts,
  { id, password, currentPassword }: OperationInput<'user.setPassword'>,
  context: OperationContext,
): Promise<CommandOutcome<UserState>> {
  const { contexts, store, users, hasher, check } = ports;
  const { principal } = context;
  const isOwn = isSelf(principal, id);
  if (!isOwn && !hasScope(principal, 'admin')) throw new ConcordatError('USER_UNKNOWN');
  const user = requireUser(users, principal.tenant, id);
  if (!isOwn) requireReach(principal, user.roles);
  requireGoodPassword(password, user);
  // With a stolen token alone, nobody makes himself the owner.
  if (isOwn && currentPassword === undefined) throw new ConcordatError('PASSWORD_WRONG');
  const commandContext = contexts.of(context, { id });
  // When it was carried out before, the current password is another one by now.
  const isJudged = isOwn && (await idMadeBefore(store, commandContext, userStream(''))) === undefined;
  const [refusal, passwordHash] = await Promise.all([
    isJudged ? check.judge(principal.tenant, id, currentPassword!) : undefined,
    hasher.hash(password),
  ]);
  if (refusal !== undefined) throw new ConcordatError('PASSWORD_WRONG');
  const cause = isOwn ? 'changed' : 'reset';
  const outcome = await run(ports, commandContext, { kind: 'SetPassword', id, passwordHash, cause });
  await requireSamePassword(hasher, outcome, password);
  return outcome;
}

/** A password is in no memo, so what was carried out before is compared here. @throws ConcordatError IDEMPOTENCY_KEY_REUSED */
async function requireSamePassword(
  hasher: PasswordHasher,
  { isRepetition, state }: CommandOutcome<UserState>,
  password: string,
): Promise<void> {
  // Nothing to compare with once the user is erased.
  const hash = state?.passwordHash ?? null;
  if (isRepetition && hash !== null && !(await hasher.verify(password, hash)))
    throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
}

export function requireUser(users: UserQueries, tenant: string, id: string): UserView {
  const user = users.find(tenant, id);
  if (!user) throw new ConcordatError('USER_UNKNOWN');
  return user;
}

/** The user as it was right after the command: what a repetition answers too. */
function toView(state: UserState, tenant: string): UserView {
  const { id, email, name, roles, status, passwordHash, lockedUntil, createdAt, changedAt } = state!;
  const facts = { id, tenant, email, name, roles: [...roles], status };
  return { ...facts, hasPassword: passwordHash !== null, lockedUntil, createdAt, changedAt };
}
