import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER, mergeHandlers } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { SigningKeyModule } from '../signing-key/signing-key.module';
import { SigningKeys } from '../signing-key/signing-keys';
import { AgentCommands } from './agent-commands';
import { agentKeyHandlers } from './agent-key.handler';
import { AgentKeyQueries } from './agent-key.projection';
import { agentLifeHandlers } from './agent-life.handler';
import { AgentQueries } from './agent-queries.projection';
import { agentHandlers } from './agent.handler';
import { ErasedAgentsJob } from './agent.job';
import { ErasureReceipts } from './erasure-receipt';

export const AGENT_HANDLERS = Symbol('AgentHandlers');

@Module({
  imports: [SigningKeyModule],
  providers: [
    {
      provide: AgentQueries,
      useFactory: (store: SqliteEventStore) => new AgentQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: AgentCommands,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        agents: AgentQueries,
      ) => new AgentCommands(runner, contexts, store, agents),
      inject: [CommandRunner, CommandContexts, SqliteEventStore, AgentQueries],
    },
    {
      provide: ErasureReceipts,
      useFactory: (signingKeys: SigningKeys, { audience, keystoreBackupDays }: IamConfig) =>
        new ErasureReceipts({ signingKeys, audience, keystoreBackupDays }),
      inject: [SigningKeys, IAM_CONFIG],
    },
    {
      provide: AGENT_HANDLERS,
      useFactory: (
        commands: AgentCommands,
        contexts: CommandContexts,
        store: SqliteEventStore,
        agents: AgentQueries,
        keystore: Keystore,
        receipts: ErasureReceipts,
        clock: Clock,
        { didWebDomain, audience }: IamConfig,
      ) => {
        const keys = new AgentKeyQueries(store.reader);
        return mergeHandlers(
          agentHandlers({
            commands,
            contexts,
            store,
            reads: store.heavyReads,
            agents,
            keystore,
            receipts,
            didWebDomain,
          }),
          agentLifeHandlers({ commands, clock, audience }),
          agentKeyHandlers({ commands, keys, contexts }),
        );
      },
      inject: [
        AgentCommands,
        CommandContexts,
        SqliteEventStore,
        AgentQueries,
        KEYSTORE,
        ErasureReceipts,
        CLOCK,
        IAM_CONFIG,
      ],
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
