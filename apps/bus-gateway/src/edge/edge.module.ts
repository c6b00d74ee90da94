import { type Clock, type Logger, type Peers, problemListener, type ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER, PEERS, RedisLinks, SIGNER } from '@concordat/service';
import type { Signer } from '@concordat/crypto';
import { RefusalFeed, RpcClient } from '@concordat/streams';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { Directory } from '@concordat/directory';
import { Freshness } from '@concordat/directory';
import { AccessTokens } from './access-token';
import { Authenticator } from './authenticate';
import { RefusalAudit } from './refusal-audit';
import { ServiceCalls } from './service-calls';
import { SpentProofs } from './spent-proofs';

class RpcLifecycle implements OnModuleInit, BeforeApplicationShutdown {
  constructor(private readonly rpc: RpcClient) {}

  onModuleInit(): void {
    this.rpc.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rpc.stop();
  }
}

/** What the doors and the handlers behind them share: calls to services, and who is asking. */
@Global()
@Module({})
export class EdgeModule {
  static for(_base: ServiceBase): DynamicModule {
    const rpc = (
      redis: RedisLinks,
      signer: Signer,
      peers: Peers,
      clock: Clock,
      logger: Logger,
      config: GatewayConfig,
    ): RpcClient =>
      new RpcClient({
        commands: redis.rpc,
        blocking: redis.blocking('rpc', 'replies'),
        caller: 'bus',
        instance: config.instance,
        startedAtMs: clock.nowMs(),
        ...{ signer, peers, nowMs: clock.nowMs },
        onError: problemListener(logger, 'request/reply'),
      });
    const tokens = (directory: Directory, config: GatewayConfig, clock: Clock): AccessTokens =>
      new AccessTokens(directory, config.audience, clock.nowMs);
    const authenticator = (
      directory: Directory,
      freshness: Freshness,
      accessTokens: AccessTokens,
      clock: Clock,
      { publicUrls = [] }: GatewayConfig,
    ): Authenticator =>
      new Authenticator({
        ...{ directory, freshness, tokens: accessTokens, nowMs: clock.nowMs, publicUrls },
        spentProofs: new SpentProofs(clock.nowMs),
      });
    return {
      module: EdgeModule,
      providers: [
        {
          provide: RpcClient,
          useFactory: rpc,
          inject: [RedisLinks, SIGNER, PEERS, CLOCK, LOGGER, GATEWAY_CONFIG],
        },
        {
          provide: RpcLifecycle,
          useFactory: (client: RpcClient) => new RpcLifecycle(client),
          inject: [RpcClient],
        },
        {
          provide: ServiceCalls,
          useFactory: (client: RpcClient) => new ServiceCalls(client),
          inject: [RpcClient],
        },
        { provide: AccessTokens, useFactory: tokens, inject: [Directory, GATEWAY_CONFIG, CLOCK] },
        {
          provide: Authenticator,
          useFactory: authenticator,
          inject: [Directory, Freshness, AccessTokens, CLOCK, GATEWAY_CONFIG],
        },
        {
          provide: RefusalAudit,
          useFactory: (feed: RefusalFeed) => new RefusalAudit(feed),
          inject: [RefusalFeed],
        },
      ],
      exports: [RpcClient, ServiceCalls, Authenticator, RefusalAudit],
    };
  }
}
