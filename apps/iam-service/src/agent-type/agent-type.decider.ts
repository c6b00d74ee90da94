import {
  AgentTypeDefined,
  type AgentTypeEvent,
  AgentTypeRemoved,
  builtInAgentTypes,
  ConcordatError,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export type AgentTypeCommand =
  | { readonly kind: 'DefineAgentType'; readonly name: string; readonly description: string }
  | { readonly kind: 'RemoveAgentType'; readonly name: string };

export interface AgentType {
  readonly name: string;
  readonly description: string;
  /** RFC 3339: when it was first defined, or again after it had been removed */
  readonly definedAt: string;
}

export interface AgentTypeHistory {
  /** undefined: not defined, or removed */
  readonly type: AgentType | undefined;
  /** RFC 3339; null when it was never removed */
  readonly removedAt: string | null;
}

/** A type of agents that an operator defines for the tenant. Whether an agent is of it, the projection knows. */
export const agentTypeDecider: Decider<AgentTypeCommand, AgentTypeEvent, AgentTypeHistory> = {
  initialState: { type: undefined, removedAt: null },

  decide(command, { type }) {
    const { name } = command;
    if ((builtInAgentTypes as readonly string[]).includes(name))
      throw new ConcordatError('INPUT_INVALID', `${name} is built in: it is neither defined nor removed.`);
    switch (command.kind) {
      case 'DefineAgentType': {
        const { description } = command;
        return type?.description === description
          ? []
          : [{ type: AgentTypeDefined.type, data: { name, description } }];
      }
      case 'RemoveAgentType':
        if (!type) throw new ConcordatError('AGENT_TYPE_UNKNOWN');
        return [{ type: AgentTypeRemoved.type, data: { name } }];
      default:
        return command satisfies never;
    }
  },

  evolve({ type, removedAt }, event, time) {
    switch (event.type) {
      case AgentTypeDefined.type:
        return { type: { ...event.data, definedAt: type?.definedAt ?? time }, removedAt };
      case AgentTypeRemoved.type:
        return { type: undefined, removedAt: time };
      default:
        return event satisfies never;
    }
  },
};
