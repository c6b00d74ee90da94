import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { AdminKeyJob } from './admin-key.job';
import { apiKeyHandlers } from './api-key.handler';

export const API_KEY_HANDLERS = Symbol('ApiKeyHandlers');

@Module({
  providers: [
    {
      provide: API_KEY_HANDLERS,
      useFactory: (runner: CommandRunner, contexts: CommandContexts, clock: Clock) =>
        apiKeyHandlers({ runner, contexts, clock }),
      inject: [CommandRunner, CommandContexts, CLOCK],
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
