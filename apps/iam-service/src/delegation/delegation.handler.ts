import {
  ConcordatError,
  type Delegation,
  hasScope,
  type OperationInput,
  type Principal,
  type Right,
} from '@concordat/contracts';
import { fromBase64url, toBase64url } from '@concordat/crypto';
import type { CommandContexts, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { Clock, OperationContext, OperationHandlers } from '@concordat/runtime';
import type { AgentQueries } from '../agent/agent-queries.projection';
import { type CreateDelegation, type DelegationCommand, delegationDecider } from './delegation.decider';
import { delegationProjection, type DelegationQueries } from './delegation.projection';

export interface DelegationPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly agents: AgentQueries;
  readonly delegations: DelegationQueries;
  readonly clock: Clock;
}

type Agent = Extract<Principal, { kind: 'agent' }>;

/** The own right of an agent ends with the agent. */
const noEnd = '9999-12-31T23:59:59.999Z';

/** The operations `delegation.*`. */
export function delegationHandlers(ports: DelegationPorts) {
  const { store, delegations, contexts } = ports;
  const run = (
    context: OperationContext,
    input: unknown,
    command: DelegationCommand,
    requires?: () => void,
  ) =>
    ports.runner.run(contexts.of(context, input), {
      ...{ stream: `delegation/${command.id}`, decider: delegationDecider, command },
      projection: delegationProjection,
      ...(requires && { requires }),
    });
  const here = async () => (await store.head()).at;
  const show = (tenant: string, id: string): Delegation =>
    asSeen(delegations.chain(tenant, id), ports.clock.nowMs());

  return {
    'delegation.create': async (input, context) => {
      const { principal } = context;
      if (principal.kind !== 'agent') throw new ConcordatError('AGENT_REQUIRED');
      const command = toCommand(ports, input, principal, context);
      const { state, at } = await run(context, input, command, () => {
        if (ports.agents.find(principal.tenant, input.to)?.status !== 'active')
          throw new ConcordatError('AGENT_UNKNOWN');
      });
      const { scopes, operations, ...facts } = state!;
      const output = { ...facts, scopes: [...scopes], operations: operations && [...operations] };
      return { output: { ...output, status: 'active' as const }, position: at };
    },

    'delegation.get': async ({ id }, { principal }) => {
      const chain = delegations.chain(principal.tenant, id);
      requirePart(chain, principal);
      return { output: asSeen(chain, ports.clock.nowMs()), position: await here() };
    },

    'delegation.list': async ({ limit, cursor }, { principal }) => {
      const did = hasScope(principal, 'admin') ? undefined : partOf(principal);
      const page = delegations.list(principal.tenant, did, readCursor(cursor), limit + 1);
      const items = page.slice(0, limit);
      const nextCursor = page.length > limit ? toBase64url(Buffer.from(String(items.at(-1)!.number))) : null;
      const output = { items: items.map(({ delegation: { id } }) => show(principal.tenant, id)), nextCursor };
      return { output, position: await here() };
    },

    'delegation.revoke': async (input, context) => {
      const { tenant } = context.principal;
      requirePart(delegations.chain(tenant, input.id), context.principal);
      const { at } = await run(context, input, { kind: 'RevokeDelegation', id: input.id });
      return { output: show(tenant, input.id), position: at };
    },
  } satisfies OperationHandlers;
}

function toCommand(
  { contexts, delegations, clock }: DelegationPorts,
  input: OperationInput<'delegation.create'>,
  principal: Agent,
  { commandId }: OperationContext,
): CreateDelegation {
  const nowMs = clock.nowMs();
  const parent = principal.delegations?.at(-1) ?? null;
  const chain = parent === null ? [] : requireActive(delegations.chain(principal.tenant, parent), nowMs);
  const { operations = null, expiresAt = noEnd } = chain.at(-1) ?? {};
  // A token may have been asked for with fewer scopes than were handed on.
  const held: Right = { scopes: principal.scopes, operations, expiresAt };
  const wanted = {
    scopes: input.scopes,
    operations: input.operations ?? operations,
    expiresAt: new Date(nowMs + input.expiresInSeconds * 1_000).toISOString(),
  };
  // The id comes from the id of the command, so that a repetition finds what the first request made.
  const id = Buffer.from(contexts.idFor(commandId ?? '', `delegation ${principal.tenant}`, 16)).toString(
    'hex',
  );
  const holders = [principal.id, ...chain.map(({ to }) => to)];
  return { kind: 'CreateDelegation', id: `dlg_${id}`, holders, to: input.to, parent, held, wanted };
}

/** @throws ConcordatError DELEGATION_UNKNOWN when any link has ended */
export function requireActive(chain: Delegation[], nowMs: number): Delegation[] {
  const isOver = ({ status, expiresAt }: Delegation) => status !== 'active' || Date.parse(expiresAt) <= nowMs;
  if (chain.length === 0 || chain.some(isOver)) throw new ConcordatError('DELEGATION_UNKNOWN');
  return chain;
}

/** The last link, as far as those before it are still there. */
function asSeen(chain: readonly Delegation[], nowMs: number): Delegation {
  const last = chain.at(-1)!;
  if (chain.some(({ status }) => status === 'revoked')) return { ...last, status: 'revoked' };
  return Date.parse(last.expiresAt) <= nowMs ? { ...last, status: 'expired' } : last;
}

/** With the right of another one is who one is, not who that is. */
const partOf = (principal: Principal): string =>
  (principal.kind === 'agent' ? principal.actors?.[0] : undefined) ?? principal.id;

/** @throws ConcordatError DELEGATION_UNKNOWN, also for what others have agreed on */
function requirePart(chain: readonly Delegation[], principal: Principal): void {
  const last = chain.at(-1);
  const isPart = last && [last.owner, last.from, last.to].includes(partOf(principal));
  if (!last || (!isPart && !hasScope(principal, 'admin'))) throw new ConcordatError('DELEGATION_UNKNOWN');
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const number = Number(Buffer.from(fromBase64url(cursor) ?? []).toString() || NaN);
  if (!Number.isSafeInteger(number))
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
  return number;
}
