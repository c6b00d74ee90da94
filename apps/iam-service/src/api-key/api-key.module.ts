import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { AdminKeyJob } from './admin-key.job';
import { apiKeyHandlers } from './api-key.handler';
import { ApiKeyQueries } from './api-key.projection';

export const API_KEY_HANDLERS = Symbol('ApiKeyHandlers');

@Module({
  providers: [
    {
      provide: API_KEY_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        clock: Clock,
        store: SqliteEventStore,
        apiKeys: ApiKeyQueries,
      ) => apiKeyHandlers({ runner, contexts, clock, store, apiKeys }),
      inject: [CommandRunner, CommandContexts, CLOCK, SqliteEventStore, ApiKeyQueries],
    },
    {
      provide: ApiKeyQueries,
      useFactory: (store: SqliteEventStore, clock: Clock) =>
        new ApiKeyQueries(store.reader, () => clock.now().toISOString()),
      inject: [SqliteEventStore, CLOCK],
    },
    {
      provide: AdminKeyJob,
      useFactory: (
        store: SqliteEventStore,
        runner: CommandRunner,
        contexts: CommandContexts,
        config: IamConfig,
        logger: Logger,
      ) => new AdminKeyJob(store.reader, runner, contexts, config.adminKeyFile, logger),
      inject: [SqliteEventStore, CommandRunner, CommandContexts, IAM_CONFIG, LOGGER],
    },
  ],
  exports: [API_KEY_HANDLERS],
})
export class ApiKeyModule {}
