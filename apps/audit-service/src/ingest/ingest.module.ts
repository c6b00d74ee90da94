import type { Clock, Logger, Peers, ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER, PEERS, RedisLinks } from '@concordat/service';
import { RedisEventLog } from '@concordat/streams';
import { type DynamicModule, Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from '../config';
import { ErasureJob } from '../erasure/erasure.job';
import { EventSealer } from '../leaf/event-sealer';
import { LabelModule } from '../label/label.module';
import { LabelRegistry } from '../label/label-registry';
import { CheckpointJob } from '../log/checkpoint.job';
import { LogModule } from '../log/log.module';
import { LogWriter } from '../log/log-writer';
import { AuditStore } from '../store/audit-store';
import { FeedTrimJob } from './feed-trim.job';
import { HeadWatchJob } from './head-watch.job';
import { IngestConsumer } from './ingest.consumer';
import { IngestHealth } from './ingest-health';
import { Lag } from './lag';
import { Sequencer } from './sequencer';
import { followedSources, type Source } from './sources';

const SOURCES = Symbol('Sources');

const sequencer = (
  store: AuditStore,
  sealer: EventSealer,
  log: LogWriter,
  labels: LabelRegistry,
  clock: Clock,
): Sequencer => new Sequencer({ store, sealer, log, labels, clock });

@Module({})
export class IngestModule {
  static for(base: ServiceBase): DynamicModule {
    const consumer = (
      sources: readonly Source[],
      log: RedisEventLog,
      store: AuditStore,
      sequencer: Sequencer,
      erasures: ErasureJob,
      checkpoints: CheckpointJob,
      clock: Clock,
      logger: Logger,
    ): IngestConsumer => {
      const health = new IngestHealth();
      base.health.add('ingest', () => health.check());
      const ports = { sources, log, store, sequencer, erasures, checkpoints, health, clock, logger };
      return new IngestConsumer(ports);
    };
    const lag = new Lag();
    base.health.add('lag', () => lag.check());
    return {
      module: IngestModule,
      imports: [LabelModule, LogModule],
      providers: [
        {
          provide: SOURCES,
          useFactory: ({ busPartitions }: AuditConfig, peers: Peers) => followedSources(busPartitions, peers),
          inject: [AUDIT_CONFIG, PEERS],
        },
        {
          provide: RedisEventLog,
          useFactory: (redis: RedisLinks) =>
            new RedisEventLog(redis.durable, redis.blocking('durable', 'sources-reader')),
          inject: [RedisLinks],
        },
        {
          provide: Sequencer,
          useFactory: sequencer,
          inject: [AuditStore, EventSealer, LogWriter, LabelRegistry, CLOCK],
        },
        {
          provide: IngestConsumer,
          useFactory: consumer,
          inject: [SOURCES, RedisEventLog, AuditStore, Sequencer, ErasureJob, CheckpointJob, CLOCK, LOGGER],
        },
        {
          provide: HeadWatchJob,
          useFactory: (
            sources: readonly Source[],
            log: RedisEventLog,
            ingest: IngestConsumer,
            clock: Clock,
            logger: Logger,
          ) =>
            new HeadWatchJob({
              ...{ sources, log, lag, clock, logger },
              cursors: () => ingest.cursors,
              raise: (alarm) => ingest.raise(alarm),
            }),
          inject: [SOURCES, RedisEventLog, IngestConsumer, CLOCK, LOGGER],
        },
        {
          provide: FeedTrimJob,
          useFactory: (sources: readonly Source[], log: RedisEventLog, logger: Logger) =>
            new FeedTrimJob(sources, log, logger),
          inject: [SOURCES, RedisEventLog, LOGGER],
        },
      ],
      exports: [IngestConsumer],
    };
  }
}
