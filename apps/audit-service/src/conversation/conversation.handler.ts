import type { OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import {
  type EventPorts,
  eventPlace,
  placeOf as placeOfEvent,
  toItem as toEventItem,
} from '../event/event.handler';
import type { EventPlace } from '../event/event-queries';
import {
  messagePlace,
  type MessagePorts,
  placeOf as placeOfMessage,
  toItem as toMessageItem,
} from '../message/message.handler';
import type { MessagePlace } from '../message/message-queries';
import { type Cut, cursorsOf } from '../trail/page';

export interface ConversationPorts extends Omit<EventPorts, 'queries'> {
  readonly messages: MessagePorts['queries'];
  readonly events: EventPorts['queries'];
}

/** How far both lists were read; null: from the beginning. */
interface Place {
  readonly message: MessagePlace | null;
  readonly event: EventPlace | null;
}

const place: z.ZodType<Place> = z.strictObject({
  message: messagePlace.nullable(),
  event: eventPlace.nullable(),
});

/** The operation `audit.conversation`. A page goes on in both lists where the one before ended, also in one that had ended. */
export function conversationHandlers(ports: ConversationPorts) {
  const { messages, events, covered, trail } = ports;
  return {
    'audit.conversation': ({ correlationId, limit, cursor }, { operation, ...context }) =>
      trail.query({ operation, ...context }, async (reach) => {
        const cursors = cursorsOf(place, { operation, correlationId });
        const before = cursor === undefined ? { message: null, event: null } : cursors.read(cursor);
        const filter = { correlationId, order: 'asc' } as const;
        const [foundMessages, foundEvents] = await Promise.all([
          messages.page(reach, filter, before.message ?? undefined, limit),
          events.page(reach, filter, covered.size, before.event ?? undefined, limit),
        ]);
        const [messageItems, eventItems] = await Promise.all([
          Promise.all(foundMessages.rows.map((row) => toMessageItem(ports, row))),
          Promise.all(foundEvents.rows.map((row) => toEventItem(ports, row))),
        ]);
        const next = {
          message: lastPlace(foundMessages, placeOfMessage) ?? before.message,
          event: lastPlace(foundEvents, placeOfEvent) ?? before.event,
        };
        const isLast = foundMessages.isLast && foundEvents.isLast;
        const nextCursor = isLast ? null : cursors.write(next);
        const output = { correlationId, messages: messageItems, events: eventItems, nextCursor };
        return { results: messageItems.length + eventItems.length, answer: { output, position: null } };
      }),
  } satisfies OperationHandlers;
}

function lastPlace<Row, Where>({ rows }: Cut<Row>, placeOf: (row: Row) => Where): Where | undefined {
  const last = rows.at(-1);
  return last === undefined ? undefined : placeOf(last);
}
