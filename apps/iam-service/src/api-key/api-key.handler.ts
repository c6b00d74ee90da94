import { randomBytes } from 'node:crypto';
import {
  type ApiKeyView,
  ConcordatError,
  defaultTenant,
  hasScope,
  type OperationInput,
  type OperationOutput,
  type Principal,
  type Scope,
} from '@concordat/contracts';
import { apiKeyHash, concatBytes, formatApiKey } from '@concordat/crypto';
import type { CommandContext, CommandContexts, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { Clock, OperationContext, OperationHandlers, OperationResult } from '@concordat/runtime';
import { readListCursor, toPage } from '../list-cursor';
import { plusMs } from '../times';
import { type ApiKey, type ApiKeyCommand, apiKeyDecider } from './api-key.decider';
import { apiKeyProjection, type ApiKeyQueries } from './api-key.projection';

export interface ApiKeyPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly clock: Clock;
  readonly store: EventStore;
  readonly apiKeys: ApiKeyQueries;
}

export const runApiKeyCommand = (runner: CommandRunner, context: CommandContext, command: ApiKeyCommand) =>
  runner.run(context, {
    stream: `apiKey/${command.id}`,
    decider: apiKeyDecider,
    command,
    projection: apiKeyProjection,
  });

/** The operations `apiKey.*`. */
export function apiKeyHandlers(ports: ApiKeyPorts) {
  const { runner, contexts, store, apiKeys } = ports;
  const here = async () => (await store.head()).at;

  return {
    'apiKey.create': async (input, context) => {
      const tenant = input.tenant ?? context.principal.tenant;
      // Only the operator of the whole, whose keys are in the default tenant, opens other tenants.
      if (tenant !== context.principal.tenant && context.principal.tenant !== defaultTenant) {
        throw new ConcordatError(
          'SCOPE_MISSING',
          'A key for another tenant needs a key of the default tenant.',
        );
      }
      requireOwn(context.principal, input.scopes);
      const { id, key } = newKey(ports, context, tenant);
      const { name, scopes, expiresInSeconds } = input;
      const expiresAt = endAfter(ports, expiresInSeconds === undefined ? null : expiresInSeconds * 1_000);
      const outcome = await runApiKeyCommand(runner, contexts.of(context, input, tenant), {
        ...{ kind: 'CreateApiKey', id, name, scopes, expiresAt, hash: apiKeyHash(key) },
      });
      if (outcome.isRepetition) throw new ConcordatError('SECRET_ALREADY_SHOWN', `It created the key ${id}.`);
      return { output: { ...requireKey(apiKeys, tenant, id), key }, position: outcome.at };
    },

    'apiKey.get': async ({ id }, { principal }) => ({
      output: requireKey(apiKeys, principal.tenant, id),
      position: await here(),
    }),

    'apiKey.list': async ({ status, limit, cursor }, { principal }) => {
      const rows = apiKeys.list(principal.tenant, status, readListCursor(cursor, 2), limit + 1);
      const output = toPage(
        rows,
        limit,
        (key) => key,
        ({ createdAt, id }) => [createdAt, id],
      );
      return { output, position: await here() };
    },

    'apiKey.rotate': async (input, context) => rotate(ports, input, context),

    'apiKey.revoke': async (input, context) => {
      const command: ApiKeyCommand = { kind: 'RevokeApiKey', id: input.id };
      const { at } = await runApiKeyCommand(runner, contexts.of(context, input), command);
      return { output: requireKey(apiKeys, context.principal.tenant, input.id), position: at };
    },
  } satisfies OperationHandlers;
}

/** The id comes from the id of the command, so that a repetition finds what the first request made. */
const newKey = (
  { contexts }: ApiKeyPorts,
  context: OperationContext,
  tenant: string,
): { id: string; key: string } =>
  formatApiKey(concatBytes(contexts.idFor(context.commandId ?? '', `apiKey ${tenant}`, 8), randomBytes(32)));

const endAfter = ({ clock }: ApiKeyPorts, lifetimeMs: number | null): string | null =>
  lifetimeMs === null ? null : new Date(clock.nowMs() + lifetimeMs).toISOString();

async function rotate(
  ports: ApiKeyPorts,
  input: OperationInput<'apiKey.rotate'>,
  context: OperationContext,
): Promise<OperationResult<OperationOutput<'apiKey.rotate'>>> {
  const { runner, contexts, apiKeys } = ports;
  const { tenant } = context.principal;
  const { id, overlapSeconds, expiresInSeconds } = input;
  requireOwn(context.principal, requireKey(apiKeys, tenant, id).scopes);
  const { id: rotatedTo, key } = newKey(ports, context, tenant);
  const commandContext = contexts.of(context, input);
  const { state } = await runApiKeyCommand(runner, commandContext, {
    kind: 'RotateApiKey',
    id,
    rotatedTo,
    now: commandContext.time,
    overlapEndsAt: plusMs(commandContext.time, overlapSeconds * 1_000),
  });
  const lifetimeMs = expiresInSeconds === undefined ? state!.lifetimeMs : expiresInSeconds * 1_000;
  const successor = { id: rotatedTo, key, expiresAt: endAfter(ports, lifetimeMs) };
  const position = await createSuccessor(ports, commandContext, state!, successor);
  return { output: { ...requireKey(apiKeys, tenant, rotatedTo), key }, position };
}

/**
 * The second half of a rotation. When the process ended after the first half, the old key ends in time all the same, and
 * a repetition of the request makes the new key, which nobody has seen yet.
 * @throws ConcordatError SECRET_ALREADY_SHOWN when the new key was made before
 */
async function createSuccessor(
  { runner, apiKeys }: ApiKeyPorts,
  context: CommandContext,
  { name, scopes }: ApiKey,
  { id, key, expiresAt }: { readonly id: string; readonly key: string; readonly expiresAt: string | null },
) {
  const shown = () => new ConcordatError('SECRET_ALREADY_SHOWN', `It created the key ${id}.`);
  if (apiKeys.find(context.tenant, id)) throw shown();
  const command = { kind: 'CreateApiKey', id, name, scopes, expiresAt, hash: apiKeyHash(key) } as const;
  // Without a memo: the id of the command stands for the first half, and an id of a key is used once.
  const outcome = await runApiKeyCommand(runner, { ...context, command: null }, command).catch((error) => {
    throw error instanceof ConcordatError && error.code === 'VERSION_CONFLICT' ? shown() : error;
  });
  return outcome.at;
}

/** @throws ConcordatError SCOPE_MISSING */
function requireOwn(principal: Principal, scopes: readonly Scope[]): void {
  const beyond = scopes.find((wanted) => !hasScope(principal, wanted));
  if (beyond)
    throw new ConcordatError('SCOPE_MISSING', `Nobody gives the scope ${beyond} who does not have it.`);
}

function requireKey(apiKeys: ApiKeyQueries, tenant: string, id: string): ApiKeyView {
  const key = apiKeys.find(tenant, id);
  if (!key) throw new ConcordatError('API_KEY_UNKNOWN');
  return key;
}
