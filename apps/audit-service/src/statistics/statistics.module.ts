import type { Logger } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { FoldJob } from './fold.job';
import { statisticsHandlers } from './statistics.handler';
import { StatisticsQueries } from './statistics-queries';

export const STATISTICS_HANDLERS = Symbol('StatisticsHandlers');

@Module({
  imports: [TrailModule],
  providers: [
    {
      provide: STATISTICS_HANDLERS,
      useFactory: (store: AuditStore, trail: Trail) =>
        statisticsHandlers(new StatisticsQueries(store), trail),
      inject: [AuditStore, Trail],
    },
    {
      provide: FoldJob,
      useFactory: (store: AuditStore, logger: Logger) => new FoldJob(store, logger),
      inject: [AuditStore, LOGGER],
    },
  ],
  exports: [STATISTICS_HANDLERS],
})
export class StatisticsModule {}
