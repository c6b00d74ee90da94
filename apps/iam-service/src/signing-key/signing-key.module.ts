import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { signingKeyHandlers } from './signing-key.handler';
import { SigningKeyJob } from './signing-key.job';
import { SigningKeys } from './signing-keys';

export const SIGNING_KEY_HANDLERS = Symbol('SigningKeyHandlers');

@Module({
  providers: [
    {
      provide: SigningKeys,
      // Started while the module is built, so that nothing is served before there is a key.
      useFactory: async (
        store: SqliteEventStore,
        keystore: Keystore,
        runner: CommandRunner,
        contexts: CommandContexts,
        clock: Clock,
      ) => {
        const keys = new SigningKeys({ db: store.reader, keystore, runner, contexts, clock });
        await keys.start();
        return keys;
      },
      inject: [SqliteEventStore, KEYSTORE, CommandRunner, CommandContexts, CLOCK],
    },
    {
      provide: SIGNING_KEY_HANDLERS,
      useFactory: (keys: SigningKeys, contexts: CommandContexts) => signingKeyHandlers(keys, contexts),
      inject: [SigningKeys, CommandContexts],
    },
    {
      provide: SigningKeyJob,
      useFactory: (
        keys: SigningKeys,
        contexts: CommandContexts,
        clock: Clock,
        { signingKeyDays }: IamConfig,
        logger: Logger,
      ) => new SigningKeyJob(keys, contexts, clock, signingKeyDays, logger),
      inject: [SigningKeys, CommandContexts, CLOCK, IAM_CONFIG, LOGGER],
    },
  ],
  exports: [SigningKeys, SIGNING_KEY_HANDLERS],
})
export class SigningKeyModule {}
