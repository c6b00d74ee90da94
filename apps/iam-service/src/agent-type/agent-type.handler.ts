import { builtInAgentTypes } from '@concordat/contracts';
import type { CommandContexts, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { type AgentTypeCommand, agentTypeDecider } from './agent-type.decider';
import { agentTypeProjection, type AgentTypeQueries } from './agent-type.projection';

export interface AgentTypePorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly types: AgentTypeQueries;
}

/** The operations `agentType.*`. */
export function agentTypeHandlers({ runner, contexts, store, types }: AgentTypePorts) {
  const run = (context: OperationContext, input: unknown, command: AgentTypeCommand) =>
    runner.run(contexts.of(context, input), {
      stream: `agentType/${command.name}`,
      decider: agentTypeDecider,
      command,
      projection: agentTypeProjection,
    });
  return {
    'agentType.define': async (input, context) => {
      const { name, description = '' } = input;
      const { state, at } = await run(context, input, { kind: 'DefineAgentType', name, description });
      return { output: { ...state.type!, isBuiltIn: false }, position: at };
    },

    'agentType.list': async (_input, { principal }) => {
      const builtIn = builtInAgentTypes.map((name) => ({
        ...{ name, description: '', isBuiltIn: true, definedAt: null },
      }));
      const defined = types.list(principal.tenant).map((type) => ({ ...type, isBuiltIn: false }));
      return { output: { items: [...builtIn, ...defined] }, position: (await store.head()).at };
    },

    'agentType.remove': async (input, context) => {
      const { name } = input;
      const { state, at } = await run(context, input, { kind: 'RemoveAgentType', name });
      return { output: { name, removedAt: state.removedAt! }, position: at };
    },
  } satisfies OperationHandlers;
}
