import { SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { Module } from '@nestjs/common';
import { credentialHandlers } from './credential.handler';

export const CREDENTIAL_HANDLERS = Symbol('CredentialHandlers');

@Module({
  providers: [
    {
      provide: CREDENTIAL_HANDLERS,
      useFactory: (store: SqliteEventStore, clock: Clock) => credentialHandlers({ store, clock }),
      inject: [SqliteEventStore, CLOCK],
    },
  ],
  exports: [CREDENTIAL_HANDLERS],
})
export class CredentialModule {}
