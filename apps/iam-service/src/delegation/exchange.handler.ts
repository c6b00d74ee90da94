import {
  ConcordatError,
  type Delegation,
  limits,
  type OperationInput,
  type Principal,
  scope as scopeName,
  type Scope,
} from '@concordat/contracts';
import { jwkThumbprint } from '@concordat/crypto';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import type { AgentQueries } from '../agent/agent-queries.projection';
import type { SigningKeys } from '../signing-key/signing-keys';
import { signAccessToken, tokenEnd } from '../token/access-token';
import { requireActive } from './delegation.handler';
import type { DelegationQueries } from './delegation.projection';
import { exchangeDecider } from './exchange.decider';

export interface ExchangePorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly agents: AgentQueries;
  readonly delegations: DelegationQueries;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
  readonly audience: string;
}

/** The operation `auth.exchange` (RFC 8693): who was given a right gets a token for it, bound to his own key. */
export function exchangeHandlers(ports: ExchangePorts) {
  return {
    'auth.exchange': async (input, context) => {
      const { principal } = context;
      if (principal.kind !== 'agent') throw new ConcordatError('AGENT_REQUIRED');
      // What was handed on is acted with by the token of the one who acts, not by what that was traded for.
      if (principal.actors) throw new ConcordatError('DELEGATION_FORBIDDEN');
      const chain = requireChain(ports, input.subjectToken, principal);
      const scopes = scopesOf(input, chain.at(-1)!);
      const commandContext = ports.contexts.of(context, input);
      const tokenId = Buffer.from(ports.contexts.idFor(context.commandId ?? '', 'exchange', 16)).toString(
        'hex',
      );
      const signer = ports.signingKeys.current;
      const command = {
        ...{ tokenId, keyId: signer.kid, owner: chain[0]!.owner },
        actors: chain.map(({ to }) => to).reverse(),
        delegations: chain.map(({ id }) => id),
        ...{ scopes, expiresAt: endOf(chain, commandContext.time) },
      };
      const outcome = await ports.runner.run(commandContext, {
        ...{ stream: `exchange/${tokenId}`, decider: exchangeDecider, command, projection: () => [] },
      });
      if (outcome.isRepetition) throw new ConcordatError('SECRET_ALREADY_SHOWN');
      const accessToken = signAccessToken(
        {
          ...{ kind: 'agent', tenant: principal.tenant, did: command.owner, needsProof: true, ...command },
          keyThumbprint: thumbprintOf(ports.agents, principal),
          audience: ports.audience,
          issuedAt: commandContext.time,
          position: outcome.at,
        },
        signer,
      );
      const expiresIn = Math.floor((Date.parse(command.expiresAt) - Date.parse(commandContext.time)) / 1_000);
      const issuedTokenType = 'urn:ietf:params:oauth:token-type:access_token' as const;
      return {
        output: { accessToken, issuedTokenType, tokenType: 'DPoP' as const, expiresIn, scopes },
        position: outcome.at,
      };
    },
  } satisfies OperationHandlers;
}

/** @throws ConcordatError DELEGATION_UNKNOWN: for what is not there, has ended, or was given to somebody else */
function requireChain(
  { delegations, agents, clock }: ExchangePorts,
  id: string,
  receiver: Principal,
): Delegation[] {
  const chain = requireActive(delegations.chain(receiver.tenant, id), clock.nowMs());
  const everybody = [chain[0]!.owner, ...chain.map(({ to }) => to)];
  const areActive = everybody.every((did) => agents.find(receiver.tenant, did)?.status === 'active');
  if (chain.at(-1)!.to !== receiver.id || !areActive) throw new ConcordatError('DELEGATION_UNKNOWN');
  return chain;
}

/** @throws ConcordatError DELEGATION_TOO_WIDE, INPUT_INVALID */
function scopesOf({ scope }: OperationInput<'auth.exchange'>, { scopes }: Delegation): Scope[] {
  if (scope === undefined) return scopes;
  const parsed = scopeName
    .array()
    .min(1)
    .safeParse([...new Set(scope.split(' '))]);
  if (!parsed.success) throw new ConcordatError('INPUT_INVALID', 'The scope is not a list of scopes.');
  if (!parsed.data.every((wanted) => scopes.includes(wanted)))
    throw new ConcordatError('DELEGATION_TOO_WIDE');
  return parsed.data;
}

/** Not after any link. @throws ConcordatError DELEGATION_UNKNOWN when not a whole second is left */
function endOf(chain: readonly Delegation[], time: string): string {
  const ends = [tokenEnd(time, limits.accessTokenSeconds), ...chain.map(({ expiresAt }) => expiresAt)];
  const end = Math.floor(Math.min(...ends.map(Date.parse)) / 1_000) * 1_000;
  if (end <= Date.parse(time)) throw new ConcordatError('DELEGATION_UNKNOWN');
  return new Date(end).toISOString();
}

const thumbprintOf = (agents: AgentQueries, { tenant, id }: Principal): string =>
  jwkThumbprint(agents.find(tenant, id)!.publicKeys[0]!.value);
