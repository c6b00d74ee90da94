import type { Logger } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { messageHandlers } from './message.handler';
import { MessageQueries } from './message-queries';

export const MESSAGE_HANDLERS = Symbol('MessageHandlers');

@Module({
  imports: [TrailModule],
  providers: [
    {
      provide: MESSAGE_HANDLERS,
      useFactory: (store: AuditStore, sealer: EventSealer, trail: Trail, logger: Logger) =>
        messageHandlers({ queries: new MessageQueries(store), sealer, trail, logger }),
      inject: [AuditStore, EventSealer, Trail, LOGGER],
    },
  ],
  exports: [MESSAGE_HANDLERS],
})
export class MessageModule {}
