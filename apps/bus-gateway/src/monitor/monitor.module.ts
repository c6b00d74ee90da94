import { Directory } from '@concordat/directory';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { Feed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { BusModule } from '../bus/bus.module';
import { PartitionScripts } from '../bus/partition-scripts';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { TopicModule } from '../topic/topic.module';
import { TopicStore } from '../topic/topic-store';
import { AlertStore } from './alert-store';
import { FeedStates } from './feed-states';
import { lookMs, MonitorJob } from './monitor.job';
import { QueueSamples } from './queue-samples';
import { streamHandlers } from './stream.handler';

export const STREAM_HANDLERS = Symbol('StreamHandlers');

const monotonicMs = (): number => performance.now();
/** A gateway that has missed two looks is not on the watch any more. */
const leaseMs = lookMs * 2.5;

@Module({
  imports: [BusModule, TopicModule],
  providers: [
    {
      provide: STREAM_HANDLERS,
      useFactory: (
        topics: TopicStore,
        scripts: PartitionScripts,
        redis: RedisLinks,
        directory: Directory,
        clock: Clock,
        { busPartitions: partitions }: GatewayConfig,
      ) =>
        streamHandlers({
          ...{ topics, directory, partitions },
          queues: new QueueSamples(scripts, partitions, clock, monotonicMs),
          feeds: new FeedStates(redis.durable),
        }),
      inject: [TopicStore, PartitionScripts, RedisLinks, Directory, CLOCK, GATEWAY_CONFIG],
    },
    {
      provide: MonitorJob,
      useFactory: (
        scripts: PartitionScripts,
        redis: RedisLinks,
        feed: Feed,
        clock: Clock,
        logger: Logger,
        { busPartitions: partitions }: GatewayConfig,
      ) =>
        new MonitorJob({
          ...{ scripts, feed, partitions, clock, monotonicMs, logger },
          alerts: new AlertStore(redis.durable, randomUUID(), leaseMs),
        }),
      inject: [PartitionScripts, RedisLinks, Feed, CLOCK, LOGGER, GATEWAY_CONFIG],
    },
  ],
  exports: [STREAM_HANDLERS],
})
export class MonitorModule {}
