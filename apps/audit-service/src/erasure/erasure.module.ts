import type { Clock, Logger, ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { Covered } from '../log/covered';
import type { LogIdentity } from '../log/log-identity';
import { LOG_IDENTITY, LogModule } from '../log/log.module';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { erasureHandlers } from './erasure.handler';
import { ErasureJob } from './erasure.job';

export const ERASURE_HANDLERS = Symbol('ErasureHandlers');

/** What the trail forgets, and who signs for it. Global: ingest carries out what it finds ordered. */
@Global()
@Module({})
export class ErasureModule {
  static for({ health }: ServiceBase): DynamicModule {
    const job = (
      store: AuditStore,
      sealer: EventSealer,
      identity: LogIdentity,
      clock: Clock,
      logger: Logger,
    ): ErasureJob => {
      const erasures = new ErasureJob({ store, sealer, identity, clock, logger });
      health.add('erasure', () => erasures.check());
      return erasures;
    };
    return {
      module: ErasureModule,
      imports: [LogModule, TrailModule],
      providers: [
        {
          provide: ErasureJob,
          useFactory: job,
          inject: [AuditStore, EventSealer, LOG_IDENTITY, CLOCK, LOGGER],
        },
        {
          provide: ERASURE_HANDLERS,
          useFactory: (
            store: AuditStore,
            ownEvents: OwnEvents,
            covered: Covered,
            trail: Trail,
            clock: Clock,
          ) => erasureHandlers({ store, ownEvents, covered, trail, clock }),
          inject: [AuditStore, OwnEvents, Covered, Trail, CLOCK],
        },
      ],
      exports: [ErasureJob, ERASURE_HANDLERS],
    };
  }
}
