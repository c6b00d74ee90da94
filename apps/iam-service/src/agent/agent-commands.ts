import { type AgentIdentity, type AlgorithmValue, ConcordatError, type Position } from '@concordat/contracts';
import { isCurvePoint, keyId, parsePublicKey, toBase64url } from '@concordat/crypto';
import type { CommandContexts, CommandOutcome, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { OperationContext } from '@concordat/runtime';
import { type Agent, type AgentCommand, agentDecider, type AgentState } from './agent.decider';
import { agentProjection } from './agent.projection';
import type { AgentQueries } from './agent-queries.projection';

export const agentStream = (did: string): string => `agent/${did}`;

/** Runs commands on agents, and answers with the identity that comes of them. */
export class AgentCommands {
  constructor(
    private readonly runner: CommandRunner,
    private readonly contexts: CommandContexts,
    private readonly store: EventStore,
    private readonly agents: AgentQueries,
  ) {}

  /** @param requires is asked when no other command on this agent is under way, and not for a repetition */
  run(
    context: OperationContext,
    input: unknown,
    command: AgentCommand,
    requires?: () => void,
  ): Promise<CommandOutcome<AgentState>> {
    return this.runner.run(this.contexts.of(context, input), {
      stream: agentStream(command.did),
      decider: agentDecider,
      command,
      projection: agentProjection,
      ...(requires && { requires }),
    });
  }

  /** The identity as the command left it: a repetition answers the same, whatever has happened since. */
  async change(
    context: OperationContext,
    input: unknown,
    command: AgentCommand,
    requires?: () => void,
  ): Promise<{ output: AgentIdentity; position: Position }> {
    const { state, at } = await this.run(context, input, command, requires);
    const lastSeen = this.agents.find(context.principal.tenant, command.did)?.lastSeen ?? null;
    return { output: identityOf(state!, lastSeen), position: at };
  }

  /** @throws ConcordatError AGENT_UNKNOWN */
  require(tenant: string, did: string): AgentIdentity {
    const agent = this.agents.find(tenant, did);
    if (!agent) throw new ConcordatError('AGENT_UNKNOWN');
    return agent;
  }

  async here(): Promise<Position> {
    return (await this.store.head()).at;
  }
}

const identityOf = (agent: Agent, lastSeen: string | null): AgentIdentity => ({
  did: agent.did,
  name: agent.name,
  type: agent.agentType,
  status: agent.status,
  publicKeys: [...agent.publicKeys],
  metadata: agent.metadata as AgentIdentity['metadata'],
  controllerDid: agent.controllerDid,
  relationshipType: agent.relationshipType,
  verified: agent.verification !== null,
  createdAt: agent.registeredAt,
  lastSeen,
  authKeyId: agent.publicKeys[0]!.kid,
  verification: agent.verification,
  version: agent.version,
});

/** A public key as clients write it. @throws ConcordatError PUBLIC_KEY_UNSAFE */
export function readPublicKey(text: string): { readonly bytes: Uint8Array; readonly key: AlgorithmValue } {
  const bytes = parsePublicKey(text);
  if (!bytes) throw new ConcordatError('PUBLIC_KEY_UNSAFE');
  if (!isCurvePoint(bytes))
    throw new ConcordatError(
      'PUBLIC_KEY_UNSAFE',
      'These 32 bytes are no point of the curve: nothing could ever be signed with that key.',
    );
  return { bytes, key: { alg: 'Ed25519', kid: keyId(bytes), value: toBase64url(bytes) } };
}
