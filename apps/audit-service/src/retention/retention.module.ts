import { type Clock, type Logger, type OperationHandlers, problemListener } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from '../config';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { runRetention } from './dropping';
import { holdHandlers } from './legal-hold.handler';
import { retentionHandlers } from './retention.handler';
import { RetentionJob } from './retention.job';

export const RETENTION_HANDLERS = Symbol('RetentionHandlers');

@Module({
  imports: [TrailModule],
  providers: [
    {
      provide: RetentionJob,
      useFactory: (
        { rpcRedisUrl: url, instance }: AuditConfig,
        store: AuditStore,
        ownEvents: OwnEvents,
        clock: Clock,
        logger: Logger,
      ) =>
        new RetentionJob({
          run: () => runRetention({ store, ownEvents, clock, logger }),
          connection: { url, name: `${instance}:retention`, onError: problemListener(logger, 'retention') },
          logger,
        }),
      inject: [AUDIT_CONFIG, AuditStore, OwnEvents, CLOCK, LOGGER],
    },
    {
      provide: RETENTION_HANDLERS,
      useFactory: (
        store: AuditStore,
        ownEvents: OwnEvents,
        trail: Trail,
        clock: Clock,
        job: RetentionJob,
      ): OperationHandlers => ({
        ...retentionHandlers({ store, ownEvents, trail, clock, runSoon: (ms) => job.runSoon(ms) }),
        ...holdHandlers({ store, ownEvents, trail, clock }),
      }),
      inject: [AuditStore, OwnEvents, Trail, CLOCK, RetentionJob],
    },
  ],
  exports: [RETENTION_HANDLERS],
})
export class RetentionModule {}
