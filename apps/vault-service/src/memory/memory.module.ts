import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER } from '@concordat/service';
import { Feed, RefusalFeed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { ConsentModule } from '../consent/consent.module';
import { ConsentQueries } from '../consent/consent.projection';
import { memoryHandlers } from './memory.handler';
import { DeletedMemoriesJob } from './memory.job';
import { MemoryQueries } from './memory.projection';

export const MEMORY_HANDLERS = Symbol('MemoryHandlers');

@Module({
  imports: [ConsentModule],
  providers: [
    {
      provide: MemoryQueries,
      useFactory: (store: SqliteEventStore) => new MemoryQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: MEMORY_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        memories: MemoryQueries,
        consents: ConsentQueries,
        keystore: Keystore,
        feed: Feed,
        refusals: RefusalFeed,
        clock: Clock,
        logger: Logger,
      ) =>
        memoryHandlers({
          ...{ runner, contexts, store, memories, consents },
          ...{ keystore, feed, refusals, clock, logger },
        }),
      inject: [
        CommandRunner,
        CommandContexts,
        SqliteEventStore,
        MemoryQueries,
        ConsentQueries,
        KEYSTORE,
        Feed,
        RefusalFeed,
        CLOCK,
        LOGGER,
      ],
    },
    {
      provide: DeletedMemoriesJob,
      useFactory: (memories: MemoryQueries, keystore: Keystore, logger: Logger) =>
        new DeletedMemoriesJob(memories, keystore, logger),
      inject: [MemoryQueries, KEYSTORE, LOGGER],
    },
  ],
  exports: [MEMORY_HANDLERS],
})
export class MemoryModule {}
