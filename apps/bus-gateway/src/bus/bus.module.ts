import { type Clock, type Logger, problemListener, sleep } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { Directory } from '@concordat/directory';
import { Authenticator } from '../edge/authenticate';
import { Doorbell } from './doorbell';
import { Durability } from './durability';
import { inboxHandlers } from './inbox.handler';
import { messageHandlers } from './message.handler';
import { MessageStore } from './message-store';
import { PartitionCountJob } from './partition-count.job';
import { ReaperJob } from './reaper.job';

export const MESSAGE_HANDLERS = Symbol('MessageHandlers');
export const INBOX_HANDLERS = Symbol('InboxHandlers');

@Module({
  providers: [
    {
      provide: MessageStore,
      useFactory: (redis: RedisLinks, config: GatewayConfig, clock: Clock) =>
        new MessageStore(redis.durable, config.busPartitions, clock),
      inject: [RedisLinks, GATEWAY_CONFIG, CLOCK],
    },
    {
      provide: Durability,
      useFactory: (redis: RedisLinks, logger: Logger) => new Durability(redis.durable, logger),
      inject: [RedisLinks, LOGGER],
    },
    {
      provide: Doorbell,
      useFactory: (redis: RedisLinks, config: GatewayConfig, logger: Logger) =>
        new Doorbell(
          redis.blocking('durable', 'doorbell'),
          config.busPartitions,
          problemListener(logger, 'doorbell'),
        ),
      inject: [RedisLinks, GATEWAY_CONFIG, LOGGER],
    },
    {
      provide: PartitionCountJob,
      useFactory: (redis: RedisLinks, config: GatewayConfig, logger: Logger) =>
        new PartitionCountJob(redis.durable, config.busPartitions, sleep, (error) => {
          logger.fatal({ error }, 'partitions');
          process.exit(1);
        }),
      inject: [RedisLinks, GATEWAY_CONFIG, LOGGER],
    },
    {
      provide: ReaperJob,
      useFactory: (store: MessageStore, config: GatewayConfig, logger: Logger) =>
        new ReaperJob(store, config.busPartitions, sleep, logger),
      inject: [MessageStore, GATEWAY_CONFIG, LOGGER],
    },
    {
      provide: MESSAGE_HANDLERS,
      useFactory: (
        store: MessageStore,
        directory: Directory,
        durability: Durability,
        clock: Clock,
        config: GatewayConfig,
      ) => messageHandlers({ store, directory, durability, clock, partitions: config.busPartitions }),
      inject: [MessageStore, Directory, Durability, CLOCK, GATEWAY_CONFIG],
    },
    {
      provide: INBOX_HANDLERS,
      useFactory: (
        store: MessageStore,
        doorbell: Doorbell,
        authenticator: Authenticator,
        config: GatewayConfig,
      ) =>
        inboxHandlers({
          store,
          doorbell,
          authenticator,
          monotonicMs: () => performance.now(),
          instance: config.instance,
        }),
      inject: [MessageStore, Doorbell, Authenticator, GATEWAY_CONFIG],
    },
  ],
  exports: [MESSAGE_HANDLERS, INBOX_HANDLERS],
})
export class BusModule {}
