import { randomInt } from 'node:crypto';
import { Authorizer, Directory } from '@concordat/directory';
import { type Clock, type Logger, problemListener, sleep } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { PayloadCheck } from '../schema/payload-check';
import { SchemaModule } from '../schema/schema.module';
import { publishedMessages } from '../monitor/bus-metrics';
import { DeliveryStore } from './delivery-store';
import { Doorbell } from './doorbell';
import { Durability } from './durability';
import { InFlight } from './in-flight';
import { inboxHandlers } from './inbox.handler';
import { messageHandlers } from './message.handler';
import { MessageStates } from './message-state';
import { PartitionCountJob } from './partition-count.job';
import { PartitionScripts } from './partition-scripts';
import { type OutgoingMessage, Publisher } from './publisher';
import { everyone, inboxOf, queueName } from './queue';
import { subscribeHandlers } from './subscribe.handler';
import { SweeperJob } from './sweeper.job';

/** From 0 to 1 */
export const uniform = (): number => randomInt(2 ** 32) / 2 ** 32;

export const MESSAGE_HANDLERS = Symbol('MessageHandlers');
export const INBOX_HANDLERS = Symbol('InboxHandlers');
export const SUBSCRIBE_HANDLERS = Symbol('SubscribeHandlers');

/** Who waits at this gateway for what is being published hears of it at once; groups hear the bell of their partition. */
const ringFor = (doorbell: Doorbell, { kind, tenant, target }: OutgoingMessage): void => {
  if (kind === 'inbox') doorbell.ring(queueName(inboxOf(tenant, target)));
  if (kind === 'broadcast') doorbell.ring(everyone(tenant));
};

@Module({
  imports: [SchemaModule],
  providers: [
    {
      provide: PartitionScripts,
      useFactory: (redis: RedisLinks, clock: Clock) => new PartitionScripts(redis.durable, clock),
      inject: [RedisLinks, CLOCK],
    },
    {
      provide: DeliveryStore,
      useFactory: (scripts: PartitionScripts, { busPartitions }: GatewayConfig) =>
        new DeliveryStore(scripts, busPartitions, uniform),
      inject: [PartitionScripts, GATEWAY_CONFIG],
    },
    {
      provide: Publisher,
      useFactory: (
        redis: RedisLinks,
        scripts: PartitionScripts,
        doorbell: Doorbell,
        { busPartitions }: GatewayConfig,
      ) =>
        new Publisher({
          ...{ scripts, durable: redis.durable, volatile: redis.rpc, partitions: busPartitions },
          sleep,
          onSent: (_partition, messages) => {
            publishedMessages.inc(messages.length);
            for (const message of messages) ringFor(doorbell, message);
          },
        }),
      inject: [RedisLinks, PartitionScripts, Doorbell, GATEWAY_CONFIG],
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
      provide: SweeperJob,
      useFactory: (scripts: PartitionScripts, config: GatewayConfig, logger: Logger) =>
        new SweeperJob(scripts, config.busPartitions, sleep, logger),
      inject: [PartitionScripts, GATEWAY_CONFIG, LOGGER],
    },
    {
      provide: MESSAGE_HANDLERS,
      useFactory: (
        publisher: Publisher,
        scripts: PartitionScripts,
        directory: Directory,
        authorizer: Authorizer,
        durability: Durability,
        payloads: PayloadCheck,
        { busPartitions: partitions }: GatewayConfig,
      ) => {
        const states = new MessageStates(scripts);
        return messageHandlers({
          ...{ publisher, states, directory, authorizer, durability, payloads, partitions },
        });
      },
      inject: [
        ...[Publisher, PartitionScripts, Directory, Authorizer, Durability, PayloadCheck, GATEWAY_CONFIG],
      ],
    },
    { provide: InFlight, useFactory: () => new InFlight(() => performance.now()) },
    {
      provide: INBOX_HANDLERS,
      useFactory: (deliveries: DeliveryStore, doorbell: Doorbell, inFlight: InFlight) =>
        inboxHandlers({
          ...{ deliveries, doorbell, inFlight },
          ...{ monotonicMs: () => performance.now(), random: uniform },
        }),
      inject: [DeliveryStore, Doorbell, InFlight],
    },
    {
      provide: SUBSCRIBE_HANDLERS,
      useFactory: (deliveries: DeliveryStore, doorbell: Doorbell, inFlight: InFlight) =>
        subscribeHandlers({ deliveries, doorbell, inFlight }),
      inject: [DeliveryStore, Doorbell, InFlight],
    },
  ],
  exports: [MESSAGE_HANDLERS, INBOX_HANDLERS, SUBSCRIBE_HANDLERS, PartitionScripts, DeliveryStore, Doorbell],
})
export class BusModule {}
