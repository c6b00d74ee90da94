import { Authorizer, Directory, Freshness } from '@concordat/directory';
import { type Clock, type Logger, type OperationHandlers, problemListener, sleep } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { Feed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { BusModule, MESSAGE_HANDLERS } from '../bus/bus.module';
import type { messageHandlers } from '../bus/message.handler';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { LimitModule } from '../limits/limit.module';
import { Limits } from '../limits/limits';
import type { FiringPorts } from './firing';
import { ScheduleQueue } from './schedule-queue';
import { ScheduleStore } from './schedule-store';
import { scheduleHandlers } from './schedule.handler';
import { type RepairPorts, ScheduleJob } from './schedule.job';

export const SCHEDULE_HANDLERS = Symbol('ScheduleHandlers');

const connectionOf = ({ redisUrl: url, instance }: GatewayConfig, logger: Logger) => ({
  ...{ url, name: `${instance}:schedules` },
  onError: problemListener(logger, 'schedules'),
});

@Module({
  imports: [BusModule, LimitModule],
  providers: [
    {
      provide: ScheduleStore,
      useFactory: (redis: RedisLinks) => new ScheduleStore(redis.durable),
      inject: [RedisLinks],
    },
    {
      provide: ScheduleQueue,
      useFactory: (config: GatewayConfig, logger: Logger, clock: Clock) =>
        new ScheduleQueue(connectionOf(config, logger), clock),
      inject: [GATEWAY_CONFIG, LOGGER, CLOCK],
    },
    {
      provide: ScheduleJob,
      useFactory: (
        config: GatewayConfig,
        logger: Logger,
        messages: ReturnType<typeof messageHandlers>,
        queue: ScheduleQueue,
        ...[store, feed, clock, directory, freshness, authorizer, limits]: [
          ...[ScheduleStore, Feed, Clock, Directory, Freshness, Authorizer, Limits],
        ]
      ) => {
        const ports: FiringPorts & RepairPorts = {
          ...{ store, feed, clock, directory, freshness, authorizer, limits },
          send: (input, context) =>
            messages['message.send'](input, {
              ...{ ...context, operation: 'message.send', minPosition: {} },
              ...{ conversation: null, traceparent: null, address: null },
            }),
          plan: (tenant, id, atMs) => queue.plan(tenant, id, atMs),
          forget: (id, atMs) => queue.forget(id, atMs),
        };
        return new ScheduleJob({ ports, connection: connectionOf(config, logger), sleep });
      },
      inject: [
        ...[GATEWAY_CONFIG, LOGGER, MESSAGE_HANDLERS, ScheduleQueue],
        ...[ScheduleStore, Feed, CLOCK, Directory, Freshness, Authorizer, Limits],
      ],
    },
    {
      provide: SCHEDULE_HANDLERS,
      useFactory: (
        store: ScheduleStore,
        queue: ScheduleQueue,
        feed: Feed,
        authorizer: Authorizer,
        clock: Clock,
      ): OperationHandlers => scheduleHandlers({ store, queue, feed, authorizer, clock }),
      inject: [ScheduleStore, ScheduleQueue, Feed, Authorizer, CLOCK],
    },
  ],
  exports: [SCHEDULE_HANDLERS],
})
export class ScheduleModule {}
