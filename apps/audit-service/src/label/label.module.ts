import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { labelHandlers } from './label.handler';
import { LabelRegistry } from './label-registry';

export const LABEL_HANDLERS = Symbol('LabelHandlers');

@Module({
  providers: [
    {
      provide: LabelRegistry,
      useFactory: (store: AuditStore, logger: Logger) => new LabelRegistry(store, logger),
      inject: [AuditStore, LOGGER],
    },
    {
      provide: LABEL_HANDLERS,
      useFactory: (store: AuditStore, ownEvents: OwnEvents, registry: LabelRegistry, clock: Clock) =>
        labelHandlers({ store, ownEvents, registry, clock }),
      inject: [AuditStore, OwnEvents, LabelRegistry, CLOCK],
    },
  ],
  exports: [LABEL_HANDLERS, LabelRegistry],
})
export class LabelModule {}
