import { type Clock } from '@concordat/runtime';
import { CLOCK, RedisLinks } from '@concordat/service';
import { Feed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { PayloadCheck } from './payload-check';
import { schemaHandlers } from './schema.handler';
import { SchemaStore } from './schema-store';

export const SCHEMA_HANDLERS = Symbol('SchemaHandlers');

/** The schemas of payloads, and the check of payloads for the bus. */
@Module({
  providers: [
    {
      provide: SchemaStore,
      useFactory: (redis: RedisLinks) => new SchemaStore(redis.durable),
      inject: [RedisLinks],
    },
    {
      provide: PayloadCheck,
      useFactory: (store: SchemaStore) => new PayloadCheck(store, () => performance.now()),
      inject: [SchemaStore],
    },
    {
      provide: SCHEMA_HANDLERS,
      useFactory: (store: SchemaStore, feed: Feed, clock: Clock) => schemaHandlers({ store, feed, clock }),
      inject: [SchemaStore, Feed, CLOCK],
    },
  ],
  exports: [SCHEMA_HANDLERS, PayloadCheck],
})
export class SchemaModule {}
