import { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import { KEYSTORE } from '@concordat/service';
import { Module } from '@nestjs/common';
import { SigningKeys } from './signing-keys';

@Module({
  providers: [
    {
      provide: SigningKeys,
      // Started while the module is built, so that nothing is served before there is a key.
      useFactory: async (keystore: Keystore, runner: CommandRunner, contexts: CommandContexts) => {
        const keys = new SigningKeys(keystore, runner, contexts);
        await keys.start();
        return keys;
      },
      inject: [KEYSTORE, CommandRunner, CommandContexts],
    },
  ],
  exports: [SigningKeys],
})
export class SigningKeyModule {}
