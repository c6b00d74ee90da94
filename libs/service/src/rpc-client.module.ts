import type { Service } from '@concordat/contracts';
import type { Signer } from '@concordat/crypto';
import { type Clock, type Logger, type Peers, problemListener } from '@concordat/runtime';
import { RpcClient } from '@concordat/streams';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { RedisLinks } from './redis-links';
import { CLOCK, LOGGER, PEERS, SIGNER, STARTED_AT_MS } from './tokens';

class RpcLifecycle implements OnModuleInit, BeforeApplicationShutdown {
  constructor(private readonly rpc: RpcClient) {}

  onModuleInit(): void {
    this.rpc.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rpc.stop();
  }
}

/** For processes that ask others: the gateway everything, services for the directory of iam-service. */
@Global()
@Module({})
export class RpcClientModule {
  static for({ service, instance }: { service: Service; instance: string }): DynamicModule {
    const client = (
      redis: RedisLinks,
      signer: Signer,
      peers: Peers,
      clock: Clock,
      startedAtMs: number,
      logger: Logger,
    ): RpcClient =>
      new RpcClient({
        commands: redis.rpc,
        blocking: redis.blocking('rpc', 'replies'),
        caller: service,
        ...{ instance, startedAtMs, signer, peers, nowMs: clock.nowMs },
        onError: problemListener(logger, 'request/reply'),
      });
    return {
      module: RpcClientModule,
      providers: [
        {
          provide: RpcClient,
          useFactory: client,
          inject: [RedisLinks, SIGNER, PEERS, CLOCK, STARTED_AT_MS, LOGGER],
        },
        {
          provide: RpcLifecycle,
          useFactory: (made: RpcClient) => new RpcLifecycle(made),
          inject: [RpcClient],
        },
      ],
      exports: [RpcClient],
    };
  }
}
