import type { Signer } from '@concordat/crypto';
import { SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks, SIGNER, STARTED_AT_MS } from '@concordat/service';
import { ControlLanePublisher } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { AgentModule } from '../agent/agent.module';
import { PolicyModule } from '../policy/policy.module';
import { PolicyQueries } from '../policy/policy.projection';
import { AgentQueries } from '../agent/agent-queries.projection';
import { DelegationModule } from '../delegation/delegation.module';
import { DelegationQueries } from '../delegation/delegation.projection';
import { ControlLaneJob } from './control-lane.job';
import { directoryHandlers } from './directory.handler';

export const DIRECTORY_HANDLERS = Symbol('DirectoryHandlers');

@Module({
  imports: [AgentModule, DelegationModule, PolicyModule],
  providers: [
    {
      provide: DIRECTORY_HANDLERS,
      useFactory: (
        store: SqliteEventStore,
        agents: AgentQueries,
        policies: PolicyQueries,
        delegations: DelegationQueries,
        clock: Clock,
      ) =>
        directoryHandlers({
          store,
          db: store.reader,
          reads: store.heavyReads,
          agents,
          policies,
          delegations,
          clock,
        }),
      inject: [SqliteEventStore, AgentQueries, PolicyQueries, DelegationQueries, CLOCK],
    },
    {
      provide: ControlLaneJob,
      useFactory: (
        store: SqliteEventStore,
        redis: RedisLinks,
        signer: Signer,
        clock: Clock,
        logger: Logger,
        startedAtMs: number,
      ) => {
        const { nowMs } = clock;
        const lane = new ControlLanePublisher({
          redis: redis.rpc,
          service: 'iam',
          signer,
          startedAtMs,
          nowMs,
        });
        return new ControlLaneJob(store, lane, logger);
      },
      inject: [SqliteEventStore, RedisLinks, SIGNER, CLOCK, LOGGER, STARTED_AT_MS],
    },
  ],
  exports: [DIRECTORY_HANDLERS],
})
export class DirectoryModule {}
