import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { SessionEnds } from '../session/session-ends';
import { SessionModule } from '../session/session.module';
import { tokenHandlers } from './token.handler';
import { WithdrawalJob } from './withdrawal.job';

export const TOKEN_HANDLERS = Symbol('TokenHandlers');

@Module({
  imports: [SessionModule],
  providers: [
    {
      provide: TOKEN_HANDLERS,
      useFactory: (runner: CommandRunner, contexts: CommandContexts, ends: SessionEnds) =>
        tokenHandlers(runner, contexts, ends),
      inject: [CommandRunner, CommandContexts, SessionEnds],
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
