import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { RefusalFeed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { SigningKeyModule } from '../signing-key/signing-key.module';
import { SigningKeys } from '../signing-key/signing-keys';
import { PasswordCheck } from '../user/password-check';
import { UserModule } from '../user/user.module';
import { UserQueries } from '../user/user.projection';
import { LoginThrottle } from './login-throttle';
import { SessionEnds } from './session-ends';
import { sessionHandlers } from './session.handler';
import { SessionQueries } from './session.projection';
import { SessionTokens } from './session-tokens';

export const SESSION_HANDLERS = Symbol('SessionHandlers');

@Module({
  imports: [SigningKeyModule, UserModule],
  providers: [
    { provide: LoginThrottle, useFactory: () => new LoginThrottle(() => performance.now()) },
    {
      provide: SessionQueries,
      useFactory: (store: SqliteEventStore, clock: Clock) =>
        new SessionQueries(store.reader, () => clock.now().toISOString()),
      inject: [SqliteEventStore, CLOCK],
    },
    {
      provide: SessionTokens,
      useFactory: (contexts: CommandContexts, signingKeys: SigningKeys, config: IamConfig) =>
        new SessionTokens(contexts, signingKeys, config.audience),
      inject: [CommandContexts, SigningKeys, IAM_CONFIG],
    },
    {
      provide: SessionEnds,
      useFactory: (runner: CommandRunner, contexts: CommandContexts, sessions: SessionQueries) =>
        new SessionEnds(runner, contexts, sessions),
      inject: [CommandRunner, CommandContexts, SessionQueries],
    },
    {
      provide: SESSION_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        users: UserQueries,
        sessions: SessionQueries,
        ends: SessionEnds,
        check: PasswordCheck,
        throttle: LoginThrottle,
        tokens: SessionTokens,
        refusals: RefusalFeed,
      ) =>
        sessionHandlers({
          runner,
          contexts,
          store,
          users,
          sessions,
          ends,
          check,
          throttle,
          tokens,
          refusals,
        }),
      inject: [
        ...[CommandRunner, CommandContexts, SqliteEventStore, UserQueries, SessionQueries, SessionEnds],
        ...[PasswordCheck, LoginThrottle, SessionTokens, RefusalFeed],
      ],
    },
  ],
  exports: [SESSION_HANDLERS, SessionEnds],
})
export class SessionModule {}
