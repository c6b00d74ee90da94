import { passwordCost } from '@concordat/crypto';
import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { PasswordCheck } from './password-check';
import { PasswordHasher } from './password-hasher';
import { userHandlers } from './user.handler';
import { UserJob } from './user.job';
import { UserQueries } from './user.projection';

export const USER_HANDLERS = Symbol('UserHandlers');

@Module({
  providers: [
    {
      provide: PasswordHasher,
      useFactory: ({ passwordWorkLog2 }: IamConfig) =>
        new PasswordHasher({ ...passwordCost, logN: passwordWorkLog2 }),
      inject: [IAM_CONFIG],
    },
    {
      provide: UserQueries,
      useFactory: (store: SqliteEventStore, clock: Clock) =>
        new UserQueries(store.reader, () => clock.now().toISOString()),
      inject: [SqliteEventStore, CLOCK],
    },
    {
      provide: PasswordCheck,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        hasher: PasswordHasher,
        logger: Logger,
      ) => new PasswordCheck({ runner, contexts, hasher, logger }),
      inject: [CommandRunner, CommandContexts, PasswordHasher, LOGGER],
    },
    {
      provide: USER_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        keystore: Keystore,
        users: UserQueries,
        hasher: PasswordHasher,
        check: PasswordCheck,
      ) => userHandlers({ runner, contexts, store, keystore, users, hasher, check }),
      inject: [
        ...[CommandRunner, CommandContexts, SqliteEventStore, KEYSTORE, UserQueries],
        ...[PasswordHasher, PasswordCheck],
      ],
    },
    {
      provide: UserJob,
      useFactory: (...parts: ConstructorParameters<typeof UserJob>) => new UserJob(...parts),
      inject: [SqliteEventStore, UserQueries, KEYSTORE, PasswordCheck, LOGGER],
    },
  ],
  exports: [USER_HANDLERS, UserQueries, PasswordCheck],
})
export class UserModule {}
