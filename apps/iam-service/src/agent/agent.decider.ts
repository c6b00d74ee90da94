import {
  AgentErased,
  type AgentEvent,
  AgentRegistered,
  AgentRevoked,
  type AgentStatus,
  type AgentType,
  type AlgorithmValue,
  ConcordatError,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface RegisterAgent {
  readonly kind: 'RegisterAgent';
  readonly did: string;
  readonly name: string;
  readonly agentType: AgentType;
  readonly publicKeys: readonly AlgorithmValue[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly controllerDid: string | null;
}

export interface RevokeAgent {
  readonly kind: 'RevokeAgent';
  readonly did: string;
  readonly reason: string;
}

export interface EraseAgent {
  readonly kind: 'EraseAgent';
  readonly did: string;
}

export type AgentCommand = RegisterAgent | RevokeAgent | EraseAgent;

export interface Agent {
  readonly did: string;
  readonly name: string | null;
  readonly agentType: AgentType;
  readonly publicKeys: readonly AlgorithmValue[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly controllerDid: string | null;
  readonly relationshipType: string;
  readonly status: AgentStatus;
  readonly registeredAt: string;
  readonly changedAt: string;
}

/** undefined: not registered */
export type AgentState = Agent | undefined;

/** The life of an agent's identity: registered, then revoked for good; erased at any time, which revokes it too. */
export const agentDecider: Decider<AgentCommand, AgentEvent, AgentState> = {
  initialState: undefined,
  readsSealedFields: true,

  decide(command, agent) {
    switch (command.kind) {
      case 'RegisterAgent':
        return register(command, agent);
      case 'RevokeAgent':
        if (!agent) throw new ConcordatError('AGENT_UNKNOWN');
        return agent.status === 'active'
          ? [{ type: AgentRevoked.type, data: { did: command.did, reason: command.reason } }]
          : [];
      case 'EraseAgent':
        if (!agent) throw new ConcordatError('AGENT_UNKNOWN');
        return agent.status === 'erased' ? [] : [{ type: AgentErased.type, data: { did: command.did } }];
      default:
        return command satisfies never;
    }
  },

  evolve(agent, event, time) {
    switch (event.type) {
      case AgentRegistered.type:
        return { ...event.data, status: 'active', registeredAt: time, changedAt: time } as Agent;
      case AgentRevoked.type:
        return agent && { ...agent, status: 'revoked', changedAt: time };
      case AgentErased.type:
        return agent && { ...agent, status: 'erased', name: null, metadata: null, changedAt: time };
      default:
        return event satisfies never;
    }
  },
};

function register(command: RegisterAgent, agent: AgentState): AgentEvent[] {
  if (agent) throw new ConcordatError('AGENT_ALREADY_REGISTERED');
  const { did, name, agentType, publicKeys, metadata, controllerDid } = command;
  if (controllerDid === did)
    throw new ConcordatError('INPUT_INVALID', 'An agent cannot be its own controller.');
  const data = { did, name, agentType, controllerDid, relationshipType: 'owner' };
  return [
    {
      type: AgentRegistered.type,
      data: { ...data, publicKeys: [...publicKeys], metadata: metadata as Record<string, never> },
    },
  ];
}
