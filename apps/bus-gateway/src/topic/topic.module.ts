import { RedisLinks } from '@concordat/service';
import { Module } from '@nestjs/common';
import { BusModule, uniform } from '../bus/bus.module';
import { DeliveryStore } from '../bus/delivery-store';
import { Doorbell } from '../bus/doorbell';
import { PartitionScripts } from '../bus/partition-scripts';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { subscriptionHandlers, topicHandlers } from './topic.handler';
import { TopicStore } from './topic-store';

export const TOPIC_HANDLERS = Symbol('TopicHandlers');

@Module({
  imports: [BusModule],
  providers: [
    {
      provide: TopicStore,
      useFactory: (redis: RedisLinks, scripts: PartitionScripts, { busPartitions }: GatewayConfig) =>
        new TopicStore(redis.durable, scripts, busPartitions),
      inject: [RedisLinks, PartitionScripts, GATEWAY_CONFIG],
    },
    {
      provide: TOPIC_HANDLERS,
      useFactory: (topics: TopicStore, deliveries: DeliveryStore, doorbell: Doorbell) => {
        const ports = {
          ...{ topics, deliveries, doorbell, monotonicMs: () => performance.now() },
          random: uniform,
        };
        return { ...topicHandlers(ports), ...subscriptionHandlers(ports) };
      },
      inject: [TopicStore, DeliveryStore, Doorbell],
    },
  ],
  exports: [TOPIC_HANDLERS, TopicStore],
})
export class TopicModule {}
