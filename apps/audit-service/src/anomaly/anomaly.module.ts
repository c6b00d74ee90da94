import type { Clock, Logger, ServiceBase } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { anomalyHandlers } from './anomaly.handler';
import { AnomalyJob } from './anomaly.job';

export const ANOMALY_HANDLERS = Symbol('AnomalyHandlers');

/** What is unlike before about agents. */
@Module({})
export class AnomalyModule {
  static for({ health }: ServiceBase): DynamicModule {
    const job = (store: AuditStore, ownEvents: OwnEvents, clock: Clock, logger: Logger): AnomalyJob => {
      const anomalies = new AnomalyJob({ store, ownEvents, clock, logger });
      health.add('anomalies', () => anomalies.check());
      return anomalies;
    };
    return {
      module: AnomalyModule,
      imports: [TrailModule],
      providers: [
        { provide: AnomalyJob, useFactory: job, inject: [AuditStore, OwnEvents, CLOCK, LOGGER] },
        {
          provide: ANOMALY_HANDLERS,
          useFactory: (store: AuditStore, trail: Trail, ownEvents: OwnEvents) =>
            anomalyHandlers({ store, trail, ownEvents }),
          inject: [AuditStore, Trail, OwnEvents],
        },
      ],
      exports: [ANOMALY_HANDLERS],
    };
  }
}
