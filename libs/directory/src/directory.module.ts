import { type Clock, type Logger, type Peers, type ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER, PEERS, RedisLinks } from '@concordat/service';
import { RedisEventLog, RpcClient } from '@concordat/streams';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Authorizer } from './authorizer';
import { Directory } from './directory';
import { DirectoryAuthorizer } from './directory-authorizer';
import { DirectoryJob } from './directory.job';
import { Freshness } from './freshness';

@Global()
@Module({})
export class DirectoryModule {
  /** @param needs `fresh`: who lets callers in; `loaded`: who judges again what a fresh gateway has let in */
  static for({ health }: ServiceBase, needs: 'fresh' | 'loaded' = 'fresh'): DynamicModule {
    const freshness = (): Freshness => {
      const made = new Freshness(() => performance.now());
      health.add('directory', () => {
        const reason = needs === 'fresh' || !made.isLoaded ? made.staleness : undefined;
        return {
          ok: reason === undefined,
          detail: reason ?? `position ${made.applied.epoch}-${made.applied.position}`,
        };
      });
      return made;
    };
    const job = (
      directory: Directory,
      fresh: Freshness,
      rpc: RpcClient,
      redis: RedisLinks,
      peers: Peers,
      clock: Clock,
      logger: Logger,
    ): DirectoryJob =>
      new DirectoryJob({
        ...{ directory, freshness: fresh, rpc, peers, logger },
        log: new RedisEventLog(redis.durable, redis.blocking('durable', 'directory')),
        controlLane: redis.blocking('rpc', 'control-lane'),
        nowMs: clock.nowMs,
      });
    return {
      module: DirectoryModule,
      providers: [
        Directory,
        {
          provide: Authorizer,
          useFactory: (directory: Directory, clock: Clock) => new Authorizer(directory, clock.now),
          inject: [Directory, CLOCK],
        },
        {
          provide: DirectoryAuthorizer,
          useFactory: (authorizer: Authorizer, fresh: Freshness) =>
            new DirectoryAuthorizer(authorizer, fresh),
          inject: [Authorizer, Freshness],
        },
        { provide: Freshness, useFactory: freshness },
        {
          provide: DirectoryJob,
          useFactory: job,
          inject: [Directory, Freshness, RpcClient, RedisLinks, PEERS, CLOCK, LOGGER],
        },
      ],
      exports: [Directory, Freshness, Authorizer, DirectoryAuthorizer],
    };
  }
}
