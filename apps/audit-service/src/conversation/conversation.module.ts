import type { Logger } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventQueries } from '../event/event-queries';
import { EventSealer } from '../leaf/event-sealer';
import { Covered } from '../log/covered';
import { LogModule } from '../log/log.module';
import { MessageQueries } from '../message/message-queries';
import { AuditStore } from '../store/audit-store';
import { Trail } from '../trail/trail';
import { TrailModule } from '../trail/trail.module';
import { conversationHandlers } from './conversation.handler';

export const CONVERSATION_HANDLERS = Symbol('ConversationHandlers');

@Module({
  imports: [LogModule, TrailModule],
  providers: [
    {
      provide: CONVERSATION_HANDLERS,
      useFactory: (store: AuditStore, sealer: EventSealer, covered: Covered, trail: Trail, logger: Logger) =>
        conversationHandlers({
          ...{ messages: new MessageQueries(store), events: new EventQueries(store) },
          ...{ sealer, covered, trail, logger },
        }),
      inject: [AuditStore, EventSealer, Covered, Trail, LOGGER],
    },
  ],
  exports: [CONVERSATION_HANDLERS],
})
export class ConversationModule {}
