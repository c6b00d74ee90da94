import type { Logger } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { Covered } from '../log/covered';
import { LogModule } from '../log/log.module';
import { LogReader } from '../log/log-reader';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { eventHandlers } from './event.handler';
import { EventQueries } from './event-queries';
import { proofHandlers } from './proof.handler';

export const EVENT_HANDLERS = Symbol('EventHandlers');

@Module({
  imports: [LogModule, TrailModule],
  providers: [
    {
      provide: EVENT_HANDLERS,
      useFactory: (
        store: AuditStore,
        sealer: EventSealer,
        covered: Covered,
        trail: Trail,
        reader: LogReader,
        logger: Logger,
      ) => {
        const ports = { queries: new EventQueries(store), sealer, covered, trail, logger };
        return { ...eventHandlers(ports), ...proofHandlers({ ...ports, reader }) };
      },
      inject: [AuditStore, EventSealer, Covered, Trail, LogReader, LOGGER],
    },
  ],
  exports: [EVENT_HANDLERS],
})
export class EventModule {}
