import { Authorizer, Directory, Freshness } from '@concordat/directory';
import { type Clock, type Logger, problemListener, sleep } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Feed, fromRedisError, RefusalFeed } from '@concordat/streams';
import { type FactoryProvider, Module } from '@nestjs/common';
import { BusModule, uniform } from '../bus/bus.module';
import { DeliveryStore } from '../bus/delivery-store';
import { Doorbell } from '../bus/doorbell';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { OperationRouter } from '../edge/operation-router';
import { bridgeHandlers } from './bridge.handler';
import { BridgeJob } from './bridge.job';
import { BridgeLinks } from './bridge-links';
import { BridgeRights } from './bridge-rights';
import { Inbound } from './inbound';

export const BRIDGE_HANDLERS = Symbol('BridgeHandlers');

/** Longer than a request can last. */
const claimIdleMs = 10_000;
const monotonicMs = (): number => performance.now();

/** Agents that speak Redis Streams; off without a Redis user that may make users. */
@Module({
  imports: [BusModule],
  providers: [
    {
      provide: BridgeLinks,
      useFactory: ({ bridgeRedisUrl, instance }: GatewayConfig, logger: Logger) =>
        new BridgeLinks(bridgeRedisUrl, instance, logger),
      inject: [GATEWAY_CONFIG, LOGGER],
    },
    {
      provide: BRIDGE_HANDLERS,
      useFactory: (links: BridgeLinks, directory: Directory, feed: Feed, clock: Clock) =>
        bridgeHandlers({ bridge: links.open, directory, feed, clock }),
      inject: [BridgeLinks, Directory, Feed, CLOCK],
    },
  ],
  exports: [BRIDGE_HANDLERS, BridgeLinks],
})
export class BridgeModule {}

/** Provided beside the router, which serves the operations of the bridge too. */
export const bridgeJob: FactoryProvider<BridgeJob> = {
  provide: BridgeJob,
  useFactory: (
    { open }: BridgeLinks,
    router: OperationRouter,
    directory: Directory,
    freshness: Freshness,
    authorizer: Authorizer,
    deliveries: DeliveryStore,
    doorbell: Doorbell,
    refusals: RefusalFeed,
    logger: Logger,
    { instance: consumer }: GatewayConfig,
  ) => {
    if (!open) return new BridgeJob(undefined);
    const { redis, blocking, store, users, outStreams } = open;
    const report = problemListener(logger, 'bridge');
    const common = {
      outStreams,
      monotonicMs,
      sleep,
      onError: (error: unknown) => report(fromRedisError(error)),
    };
    const rights = new BridgeRights({ directory, freshness, authorizer });
    const end = new AbortController();
    const inbound = new Inbound({
      ...{ ...common, redis, blocking, consumer, rights, router, refusals, claimIdleMs },
      signal: end.signal,
    });
    const outbound = { ...common, deliveries, doorbell, rights, random: uniform };
    return new BridgeJob({ redis, store, users, rights, freshness, inbound, outbound, end });
  },
  inject: [
    ...[BridgeLinks, OperationRouter, Directory, Freshness, Authorizer, DeliveryStore, Doorbell],
    ...[RefusalFeed, LOGGER, GATEWAY_CONFIG],
  ],
};
