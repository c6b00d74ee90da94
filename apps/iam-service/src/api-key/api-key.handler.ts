import { randomBytes } from 'node:crypto';
import { ConcordatError, defaultTenant, hasScope } from '@concordat/contracts';
import { apiKeyHash, concatBytes, formatApiKey } from '@concordat/crypto';
import type { CommandContext, CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { type ApiKey, type ApiKeyCommand, apiKeyDecider } from './api-key.decider';
import { apiKeyProjection } from './api-key.projection';

export interface ApiKeyPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly clock: Clock;
}

export const runApiKeyCommand = (runner: CommandRunner, context: CommandContext, command: ApiKeyCommand) =>
  runner.run(context, {
    stream: `apiKey/${command.id}`,
    decider: apiKeyDecider,
    command,
    projection: apiKeyProjection,
  });

/** The operations `apiKey.*`. */
export function apiKeyHandlers({ runner, contexts, clock }: ApiKeyPorts) {
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
      const beyond = input.scopes.find((wanted) => !hasScope(context.principal, wanted));
      if (beyond)
        throw new ConcordatError('SCOPE_MISSING', `Nobody gives the scope ${beyond} who does not have it.`);
      // The id comes from the id of the command, so that a repetition finds what the first request made.
      const { id, key } = formatApiKey(
        concatBytes(contexts.idFor(context.commandId ?? '', `apiKey ${tenant}`, 8), randomBytes(32)),
      );
      const expiresAt =
        input.expiresInSeconds === undefined
          ? null
          : new Date(clock.nowMs() + input.expiresInSeconds * 1_000).toISOString();
      const { name, scopes } = input;
      const command: ApiKeyCommand = {
        kind: 'CreateApiKey',
        id,
        name,
        scopes,
        expiresAt,
        hash: apiKeyHash(key),
      };
      const outcome = await runApiKeyCommand(runner, contexts.of(context, input, tenant), command);
      if (outcome.isRepetition) throw new ConcordatError('SECRET_ALREADY_SHOWN', `It created the key ${id}.`);
      return { output: { ...toOutput(outcome.state!, tenant), key }, position: outcome.at };
    },

    'apiKey.revoke': async (input, context) => {
      const command: ApiKeyCommand = { kind: 'RevokeApiKey', id: input.id };
      const { state, at } = await runApiKeyCommand(runner, contexts.of(context, input), command);
      return { output: toOutput(state!, context.principal.tenant), position: at };
    },
  } satisfies OperationHandlers;
}

const toOutput = ({ scopes, ...key }: ApiKey, tenant: string) => ({ ...key, tenant, scopes: [...scopes] });
