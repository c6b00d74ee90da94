import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { RefusalFeed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { consentHandlers } from './consent.handler';
import { ConsentQueries } from './consent.projection';

export const CONSENT_HANDLERS = Symbol('ConsentHandlers');

@Module({
  providers: [
    {
      provide: ConsentQueries,
      useFactory: (store: SqliteEventStore) => new ConsentQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: CONSENT_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        consents: ConsentQueries,
        refusals: RefusalFeed,
        clock: Clock,
      ) => consentHandlers({ runner, contexts, store, consents, refusals, clock }),
      inject: [CommandRunner, CommandContexts, SqliteEventStore, ConsentQueries, RefusalFeed, CLOCK],
    },
  ],
  exports: [CONSENT_HANDLERS, ConsentQueries],
})
export class ConsentModule {}
