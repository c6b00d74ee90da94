import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { tokenHandlers } from './token.handler';
import { WithdrawalJob } from './withdrawal.job';

export const TOKEN_HANDLERS = Symbol('TokenHandlers');

@Module({
  providers: [
    {
      provide: TOKEN_HANDLERS,
      useFactory: (runner: CommandRunner, contexts: CommandContexts) => tokenHandlers(runner, contexts),
      inject: [CommandRunner, CommandContexts],
    },
    {
      provide: WithdrawalJob,
      useFactory: (store: SqliteEventStore, clock: Clock, logger: Logger) =>
        new WithdrawalJob(store, clock, logger),
      inject: [SqliteEventStore, CLOCK, LOGGER],
    },
  ],
  exports: [TOKEN_HANDLERS],
})
export class TokenModule {}
