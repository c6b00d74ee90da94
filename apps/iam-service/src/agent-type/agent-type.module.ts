import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import { Module } from '@nestjs/common';
import { agentTypeHandlers } from './agent-type.handler';
import { AgentTypeQueries } from './agent-type.projection';

export const AGENT_TYPE_HANDLERS = Symbol('AgentTypeHandlers');

@Module({
  providers: [
    {
      provide: AGENT_TYPE_HANDLERS,
      useFactory: (runner: CommandRunner, contexts: CommandContexts, store: SqliteEventStore) =>
        agentTypeHandlers({ runner, contexts, store, types: new AgentTypeQueries(store.reader) }),
      inject: [CommandRunner, CommandContexts, SqliteEventStore],
    },
  ],
  exports: [AGENT_TYPE_HANDLERS],
})
export class AgentTypeModule {}
