import { type AgentIdentity, ConcordatError, type OperationInput } from '@concordat/contracts';
import { fromBase64url, keyId, parsePublicKey, toBase64url, toDidKey } from '@concordat/crypto';
import type { CommandContexts, CommandOutcome, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import {
  type Agent,
  type AgentCommand,
  agentDecider,
  type AgentState,
  type RegisterAgent,
} from './agent.decider';
import { agentProjection, type AgentQueries } from './agent.projection';

export interface AgentPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly agents: AgentQueries;
  readonly keystore: Keystore;
}

export const agentStream = (did: string): string => `agent/${did}`;

/** The operations `agent.*`. */
export function agentHandlers(ports: AgentPorts) {
  const { store, agents, keystore } = ports;
  const run = (
    context: OperationContext,
    input: unknown,
    command: AgentCommand,
    requires?: () => void,
  ): Promise<CommandOutcome<AgentState>> =>
    ports.runner.run(ports.contexts.of(context, input), {
      stream: agentStream(command.did),
      decider: agentDecider,
      command,
      projection: agentProjection,
      ...(requires && { requires }),
    });
  const here = async () => (await store.head()).at;

  return {
    'agent.register': async (input, context) => {
      const registration = toRegistration(input);
      const { state, at } = await run(context, input, registration, () =>
        requireController(agents, context.principal.tenant, registration),
      );
      return { output: newIdentity(state!), position: at };
    },

    'agent.get': async ({ did }, { principal }) => ({
      output: requireAgent(agents, principal.tenant, did),
      position: await here(),
    }),

    'agent.list': async ({ limit, cursor, ...filter }, { principal }) => {
      const after = readCursor(cursor);
      const page = agents.list(principal.tenant, filter, after, limit + 1);
      const items = page.slice(0, limit);
      const nextCursor = page.length > limit ? writeCursor(items.at(-1)!.number) : null;
      return { output: { items: items.map(({ agent }) => agent), nextCursor }, position: await here() };
    },

    'agent.revoke': async (input, context) => {
      const { at } = await run(context, input, { kind: 'RevokeAgent', ...input });
      return { output: requireAgent(agents, context.principal.tenant, input.did), position: at };
    },

    'agent.erase': async (input, context) => {
      const { state, at } = await run(context, input, { kind: 'EraseAgent', ...input });
      // Done again when the command is repeated: the process may have ended between the event and this line.
      await keystore.destroy(context.principal.tenant, [agentStream(input.did)]);
      await store.purge();
      return { output: { did: input.did, erasedAt: state!.changedAt }, position: at };
    },
  } satisfies OperationHandlers;
}

function requireAgent(agents: AgentQueries, tenant: string, did: string): AgentIdentity {
  const agent = agents.find(tenant, did);
  if (!agent) throw new ConcordatError('AGENT_UNKNOWN');
  return agent;
}

function requireController(
  agents: AgentQueries,
  tenant: string,
  { did, controllerDid }: { did: string; controllerDid: string | null },
): void {
  // That an agent is not its own controller, the decider says.
  if (controllerDid === null || controllerDid === did) return;
  if (requireAgent(agents, tenant, controllerDid).status !== 'active') {
    throw new ConcordatError('AGENT_REVOKED', 'The controller is not active.');
  }
}

function toRegistration(input: OperationInput<'agent.register'>): RegisterAgent {
  const publicKey = parsePublicKey(input.publicKey);
  if (!publicKey) throw new ConcordatError('PUBLIC_KEY_UNSAFE');
  const did = toDidKey(publicKey);
  if (input.did !== undefined && input.did !== did) throw new ConcordatError('DID_KEY_MISMATCH');
  return {
    kind: 'RegisterAgent',
    did,
    name: input.name,
    agentType: input.type,
    publicKeys: [{ alg: 'Ed25519', kid: keyId(publicKey), value: toBase64url(publicKey) }],
    metadata: input.metadata ?? {},
    controllerDid: input.controllerDid ?? null,
  };
}

/** The identity as it was registered: what a repetition of the registration answers too. */
const newIdentity = (agent: Agent): AgentIdentity => ({
  did: agent.did,
  name: agent.name,
  type: agent.agentType,
  status: agent.status,
  publicKeys: [...agent.publicKeys],
  metadata: agent.metadata as AgentIdentity['metadata'],
  controllerDid: agent.controllerDid,
  relationshipType: agent.relationshipType,
  verified: false,
  createdAt: agent.registeredAt,
  lastSeen: null,
  authKeyId: agent.publicKeys[0]!.kid,
});

const writeCursor = (number: number): string => Buffer.from(String(number)).toString('base64url');

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const number = Number(Buffer.from(fromBase64url(cursor) ?? []).toString() || NaN);
  if (!Number.isSafeInteger(number))
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
  return number;
}
