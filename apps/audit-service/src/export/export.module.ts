import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventQueries } from '../event/event-queries';
import { EventSealer } from '../leaf/event-sealer';
import { Covered } from '../log/covered';
import type { LogIdentity } from '../log/log-identity';
import { LOG_IDENTITY, LogModule } from '../log/log.module';
import { LogReader } from '../log/log-reader';
import { MessageQueries } from '../message/message-queries';
import { AuditStore } from '../store/audit-store';
import { PlaceSeal } from '../trail/place-seal';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { exportHandlers } from './export.handler';
import { Exporter } from './exporter';
import { tailHandlers } from './tail.handler';

export const EXPORT_HANDLERS = Symbol('ExportHandlers');

/** The trail as it leaves: whole, of one subject, and as it grows. */
@Module({
  imports: [LogModule, TrailModule],
  providers: [
    {
      provide: EXPORT_HANDLERS,
      useFactory: (
        store: AuditStore,
        sealer: EventSealer,
        covered: Covered,
        trail: Trail,
        reader: LogReader,
        identity: LogIdentity,
        clock: Clock,
        logger: Logger,
      ) => {
        const events = new EventQueries(store);
        const messages = new MessageQueries(store);
        const exporter = new Exporter({ events, messages, reader, sealer, identity, clock, logger });
        const places = new PlaceSeal(identity.signer.secretKey);
        return {
          ...exportHandlers({ exporter, covered, trail, places }),
          ...tailHandlers({ events, sealer, covered, trail, places, logger }),
        };
      },
      inject: [AuditStore, EventSealer, Covered, Trail, LogReader, LOG_IDENTITY, CLOCK, LOGGER],
    },
  ],
  exports: [EXPORT_HANDLERS],
})
export class ExportModule {}
