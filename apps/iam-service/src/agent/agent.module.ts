import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import { KEYSTORE, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { agentHandlers } from './agent.handler';
import { ErasedAgentsJob } from './agent.job';
import { AgentQueries } from './agent.projection';

export const AGENT_HANDLERS = Symbol('AgentHandlers');

@Module({
  providers: [
    {
      provide: AgentQueries,
      useFactory: (store: SqliteEventStore) => new AgentQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: AGENT_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        agents: AgentQueries,
        keystore: Keystore,
      ) => agentHandlers({ runner, contexts, store, agents, keystore }),
      inject: [CommandRunner, CommandContexts, SqliteEventStore, AgentQueries, KEYSTORE],
    },
    {
      provide: ErasedAgentsJob,
      useFactory: (store: SqliteEventStore, keystore: Keystore, logger: Logger) =>
        new ErasedAgentsJob(store, keystore, logger),
      inject: [SqliteEventStore, KEYSTORE, LOGGER],
    },
  ],
  exports: [AGENT_HANDLERS, AgentQueries],
})
export class AgentModule {}
