import type { Service } from '@concordat/contracts';
import { ed25519Signer, type Signer } from '@concordat/crypto';
import {
  type Clock,
  type Logger,
  nextStartMs,
  type OperationHandlers,
  type Peers,
  readIdentityKey,
  readPeers,
  type ServiceBase,
  sleep,
  systemClock,
} from '@concordat/runtime';
import { type Callers, Feed, feedSource, RefusalFeed } from '@concordat/streams';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { type OperationAuthorizer, type OperationGuard, OperationServer } from './operation-server';
import { RedisLinks } from './redis-links';
import { RedisCloser } from './redis-closer';
import {
  CLOCK,
  LOGGER,
  OPERATION_AUTHORIZER,
  OPERATION_GUARD,
  OPERATION_HANDLERS,
  PEERS,
  SIGNER,
  STARTED_AT_MS,
} from './tokens';

export interface ServiceSettings {
  readonly service: Service;
  readonly base: ServiceBase;
  readonly config: {
    readonly redisUrl: string;
    readonly rpcRedisUrl: string;
    readonly instance: string;
    readonly identityKeyFile: string;
    readonly peersFile: string;
    readonly dataDir: string;
  };
}

/** Alike refusals within this time are counted together. */
const refusalWindowMs = 5_000;

/** What every service behind the gateway has: logger, clock, identity, Redis, feeds. */
@Global()
@Module({})
export class ServiceModule {
  static for({ service, base, config }: ServiceSettings): DynamicModule {
    const { instance } = config;
    const source = feedSource(service);
    const feed = (links: RedisLinks, clock: Clock, startedAtMs: number): Feed =>
      new Feed({
        redis: links.commands('durable', 'feed'),
        source,
        instance,
        startedAtMs,
        now: clock.now,
        sleep,
      });
    const refusals = (to: Feed, logger: Logger): RefusalFeed =>
      new RefusalFeed({
        feed: to,
        windowMs: refusalWindowMs,
        setTimer: (run, ms) => setTimeout(run, ms).unref(),
        onError: (error) => logger.error({ error }, 'refusals were not fed'),
      });
    const links = (logger: Logger): RedisLinks => {
      const made = new RedisLinks({ ...config, logger });
      made.addChecks(base.health);
      return made;
    };
    return {
      module: ServiceModule,
      providers: [
        { provide: LOGGER, useValue: base.logger },
        { provide: CLOCK, useValue: systemClock },
        { provide: SIGNER, useFactory: () => ed25519Signer(readIdentityKey(config.identityKeyFile)) },
        { provide: PEERS, useFactory: () => readPeers(config.peersFile) },
        { provide: RedisLinks, useFactory: links, inject: [LOGGER] },
        { provide: STARTED_AT_MS, useFactory: () => nextStartMs(config.dataDir, systemClock.nowMs()) },
        { provide: Feed, useFactory: feed, inject: [RedisLinks, CLOCK, STARTED_AT_MS] },
        { provide: RefusalFeed, useFactory: refusals, inject: [Feed, LOGGER] },
        {
          provide: RedisCloser,
          useFactory: (...parts: [RedisLinks, RefusalFeed]) => new RedisCloser(...parts),
          inject: [RedisLinks, RefusalFeed],
        },
      ],
      exports: [LOGGER, CLOCK, STARTED_AT_MS, SIGNER, PEERS, RedisLinks, Feed, RefusalFeed],
    };
  }
}

/**
 * The provider that serves OPERATION_HANDLERS, guarded by OPERATION_GUARD, judged by OPERATION_AUTHORIZER. For the root
 * module of a service.
 */
export const operationServer = (service: Service, instance: string, callers: Callers = {}) => ({
  provide: OperationServer,
  inject: [
    ...[OPERATION_HANDLERS, OPERATION_GUARD, OPERATION_AUTHORIZER],
    ...[RedisLinks, SIGNER, PEERS, CLOCK, LOGGER],
  ],
  useFactory: (
    handlers: OperationHandlers,
    guard: OperationGuard,
    authorizer: OperationAuthorizer,
    redis: RedisLinks,
    signer: Signer,
    peers: Peers,
    clock: Clock,
    logger: Logger,
  ) =>
    new OperationServer({
      ...{ service, instance, callers, handlers, guard, authorizer, redis, signer, peers, clock, logger },
    }),
});

/** Merges the handlers of slices. @throws Error when two slices serve the same operation */
export function mergeHandlers(...slices: readonly OperationHandlers[]): OperationHandlers {
  const names = slices.flatMap((slice) => Object.keys(slice));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`the operation ${twice} is served by two slices`);
  return Object.assign({}, ...slices) as OperationHandlers;
}
