import { type Clock, type Logger, problemListener } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { Feed, RefusalFeed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { LimitAudit } from './limit-audit';
import { LimitSettings } from './limit-settings';
import { LimitStore } from './limit-store';
import { limitHandlers } from './limit.handler';
import { Limits } from './limits';
import { SharedMeters } from './shared-meters';

export const LIMIT_HANDLERS = Symbol('LimitHandlers');

const monotonicMs = (): number => performance.now();

@Module({
  providers: [
    {
      provide: LimitStore,
      useFactory: (redis: RedisLinks) => new LimitStore(redis.durable),
      inject: [RedisLinks],
    },
    {
      provide: LimitSettings,
      useFactory: (store: LimitStore, logger: Logger) =>
        new LimitSettings(store, monotonicMs, problemListener(logger, 'limits')),
      inject: [LimitStore, LOGGER],
    },
    {
      provide: Limits,
      useFactory: (
        redis: RedisLinks,
        settings: LimitSettings,
        refusals: RefusalFeed,
        logger: Logger,
        config: GatewayConfig,
      ) => {
        const onError = problemListener(logger, 'limits');
        const holder = randomUUID();
        return new Limits({
          meters: new SharedMeters({ redis: redis.rpc, holder, monotonicMs, onAway: onError }),
          settings,
          audit: new LimitAudit(refusals, onError),
          defaults: config,
          monotonicMs,
        });
      },
      inject: [RedisLinks, LimitSettings, RefusalFeed, LOGGER, GATEWAY_CONFIG],
    },
    {
      provide: LIMIT_HANDLERS,
      useFactory: (store: LimitStore, settings: LimitSettings, feed: Feed, clock: Clock) =>
        limitHandlers({ store, settings, feed, clock }),
      inject: [LimitStore, LimitSettings, Feed, CLOCK],
    },
  ],
  exports: [Limits, LIMIT_HANDLERS],
})
export class LimitModule {}
