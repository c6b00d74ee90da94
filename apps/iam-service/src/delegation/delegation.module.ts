import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { Module } from '@nestjs/common';
import { AgentModule } from '../agent/agent.module';
import { AgentQueries } from '../agent/agent-queries.projection';
import { IAM_CONFIG, type IamConfig } from '../config';
import { SigningKeyModule } from '../signing-key/signing-key.module';
import { SigningKeys } from '../signing-key/signing-keys';
import { delegationHandlers } from './delegation.handler';
import { DelegationQueries } from './delegation.projection';
import { exchangeHandlers } from './exchange.handler';

export const DELEGATION_HANDLERS = Symbol('DelegationHandlers');

@Module({
  imports: [AgentModule, SigningKeyModule],
  providers: [
    {
      provide: DelegationQueries,
      useFactory: (store: SqliteEventStore) => new DelegationQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: DELEGATION_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        agents: AgentQueries,
        delegations: DelegationQueries,
        signingKeys: SigningKeys,
        clock: Clock,
        { audience }: IamConfig,
      ) => {
        const ports = { runner, contexts, store, agents, delegations, signingKeys, clock, audience };
        return { ...delegationHandlers(ports), ...exchangeHandlers(ports) };
      },
      inject: [
        ...[CommandRunner, CommandContexts, SqliteEventStore, AgentQueries, DelegationQueries, SigningKeys],
        ...[CLOCK, IAM_CONFIG],
      ],
    },
  ],
  exports: [DELEGATION_HANDLERS, DelegationQueries],
})
export class DelegationModule {}
