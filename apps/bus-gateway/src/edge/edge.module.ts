import { type Clock, type Logger, type ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER, RedisLinks } from '@concordat/service';
import { RefusalFeed, RpcClient } from '@concordat/streams';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { Directory, Freshness } from '@concordat/directory';
import { AccessTokens } from './access-token';
import { Authenticator } from './authenticate';
import { LastSeenJob } from './last-seen.job';
import { OpenStreams } from './open-streams';
import { RefusalAudit } from './refusal-audit';
import { ServiceCalls } from './service-calls';
import { SharedProofs } from './shared-proofs';
import { SpentProofs } from './spent-proofs';

/** What the doors and the handlers behind them share: calls to services, and who is asking. */
@Global()
@Module({})
export class EdgeModule {
  static for(_base: ServiceBase): DynamicModule {
    const tokens = (directory: Directory, config: GatewayConfig, clock: Clock): AccessTokens =>
      new AccessTokens(directory, config.audience, clock.nowMs);
    const authenticator = (
      directory: Directory,
      freshness: Freshness,
      accessTokens: AccessTokens,
      { nowMs }: Clock,
      redis: RedisLinks,
      { publicUrls = [], dpopReplay }: GatewayConfig,
    ): Authenticator => {
      const own = new SpentProofs(nowMs);
      const spentProofs = dpopReplay === 'cluster' ? new SharedProofs(own, redis.rpc, nowMs) : own;
      return new Authenticator({
        directory,
        freshness,
        tokens: accessTokens,
        nowMs,
        publicUrls,
        spentProofs,
      });
    };
    return {
      module: EdgeModule,
      providers: [
        {
          provide: ServiceCalls,
          useFactory: (client: RpcClient, freshness: Freshness) => new ServiceCalls(client, freshness),
          inject: [RpcClient, Freshness],
        },
        {
          provide: LastSeenJob,
          useFactory: (services: ServiceCalls, { nowMs }: Clock, logger: Logger) =>
            new LastSeenJob({ services, nowMs, logger }),
          inject: [ServiceCalls, CLOCK, LOGGER],
        },
        { provide: AccessTokens, useFactory: tokens, inject: [Directory, GATEWAY_CONFIG, CLOCK] },
        {
          provide: Authenticator,
          useFactory: authenticator,
          inject: [Directory, Freshness, AccessTokens, CLOCK, RedisLinks, GATEWAY_CONFIG],
        },
        {
          provide: OpenStreams,
          useFactory: (directory: Directory, freshness: Freshness) =>
            new OpenStreams({ directory, freshness, monotonicMs: () => performance.now() }),
          inject: [Directory, Freshness],
        },
        {
          provide: RefusalAudit,
          useFactory: (feed: RefusalFeed) => new RefusalAudit(feed),
          inject: [RefusalFeed],
        },
      ],
      exports: [ServiceCalls, Authenticator, RefusalAudit, LastSeenJob, OpenStreams],
    };
  }
}
