import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { workflowHandlers } from '../workflow/workflow.handler';
import { workflowQueryHandlers } from '../workflow/workflow-queries.handler';
import { governanceLogHandlers } from './governance-log.handler';
import { governanceViewHandlers } from './governance-view.handler';
import { importHandlers } from './import.handler';
import { metricHandlers } from './metric.handler';
import { RecordQueries } from './record-queries';

export const GOVERNANCE_HANDLERS = Symbol('GovernanceHandlers');

/** What was done and why, workflow executions and figures (AUD-9). */
@Module({
  imports: [TrailModule],
  providers: [
    {
      provide: GOVERNANCE_HANDLERS,
      useFactory: (
        store: AuditStore,
        ownEvents: OwnEvents,
        sealer: EventSealer,
        trail: Trail,
        clock: Clock,
        logger: Logger,
      ) => {
        const ports = { queries: new RecordQueries(store), ownEvents, sealer, trail, clock, logger, store };
        return {
          ...governanceLogHandlers(ports),
          ...importHandlers(ports),
          ...metricHandlers(ports),
          ...governanceViewHandlers(ports),
          ...workflowHandlers(ports),
          ...workflowQueryHandlers(ports),
        };
      },
      inject: [AuditStore, OwnEvents, EventSealer, Trail, CLOCK, LOGGER],
    },
  ],
  exports: [GOVERNANCE_HANDLERS],
})
export class GovernanceModule {}
