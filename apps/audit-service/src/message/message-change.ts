import {
  type EventEnvelope,
  type EventSpec,
  MessageAccepted,
  MessageDelivered,
  MessageExpired,
  MessageFailed,
  MessageSent,
  type MessageStatus,
} from '@concordat/contracts';
import type { z } from 'zod';

type Accepted = z.output<typeof MessageAccepted.data>;

/** What only the acceptance of a message tells. */
export interface Acceptance<Payload> extends Pick<
  Accepted,
  'type' | 'priority' | 'correlationId' | 'replyTo' | 'ttlSeconds'
> {
  readonly payload: Payload;
  readonly timestamp: string;
}

/**
 * What events tell of one message. Changes add up in any order to the same message, so events may come late, again, or
 * the last one first. `Payload` is JSON as it came, or encrypted as it is stored.
 */
export interface MessageChange<Payload = unknown> {
  readonly tenant: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly status: MessageStatus;
  /** Deliveries so far. */
  readonly attempt: number;
  readonly acceptance: Acceptance<Payload> | null;
  readonly deliveredAt: string | null;
  readonly error: string | null;
}

/**
 * A later status replaces an earlier one, never the other way round. The bus ends a message once; should two ends meet
 * nevertheless, an acknowledgement counts more than giving up.
 */
export const statusRank: Readonly<Record<MessageStatus, number>> = {
  PENDING: 0,
  SENT: 1,
  EXPIRED: 2,
  FAILED: 3,
  DELIVERED: 4,
};

/** The event types that change messages. */
export const messageEvents: readonly EventSpec[] = [
  MessageAccepted,
  MessageSent,
  MessageDelivered,
  MessageFailed,
  MessageExpired,
];
const messageTypes = new Set<string>(messageEvents.map(({ type }) => type));

export const isMessageEvent = ({ type }: Pick<EventEnvelope, 'type'>): boolean => messageTypes.has(type);

/**
 * @param data opened JSON of the event
 * @throws ZodError when the data are not those of the event type
 */
export function messageChange({ type, tenant, time }: EventEnvelope, data: unknown): MessageChange {
  const nothing = { acceptance: null, deliveredAt: null, error: null };
  switch (type) {
    case MessageAccepted.type: {
      const { messageId, from, to, ...rest } = MessageAccepted.data.parse(data);
      const acceptance = { ...rest, timestamp: time };
      return { ...nothing, tenant, messageId, from, to, status: 'PENDING', attempt: 0, acceptance };
    }
    case MessageSent.type:
      return { ...nothing, tenant, ...MessageSent.data.parse(data), status: 'SENT' };
    case MessageDelivered.type: {
      const delivered = MessageDelivered.data.parse(data);
      return { ...nothing, tenant, ...delivered, status: 'DELIVERED', deliveredAt: time };
    }
    case MessageFailed.type:
      return { ...nothing, tenant, ...MessageFailed.data.parse(data), status: 'FAILED' };
    case MessageExpired.type: {
      const { expiredAt: _, ...expired } = MessageExpired.data.parse(data);
      return { ...nothing, tenant, ...expired, status: 'EXPIRED' };
    }
    default:
      throw new Error(`${type} is not an event of a message`);
  }
}

/** What two changes of one message tell together. Neither their order nor their grouping matters. */
export function mergeChanges<P>(a: MessageChange<P>, b: MessageChange<P>): MessageChange<P> {
  return {
    ...a,
    status: statusRank[b.status] > statusRank[a.status] ? b.status : a.status,
    attempt: Math.max(a.attempt, b.attempt),
    acceptance: a.acceptance ?? b.acceptance,
    deliveredAt: a.deliveredAt ?? b.deliveredAt,
    error: a.error ?? b.error,
  };
}

/** One change per message: a statement may touch a row once only. */
export function foldChanges<P>(changes: readonly MessageChange<P>[]): MessageChange<P>[] {
  const byMessage = new Map<string, MessageChange<P>>();
  for (const change of changes) {
    const name = `${change.tenant} ${change.messageId}`;
    const before = byMessage.get(name);
    byMessage.set(name, before ? mergeChanges(before, change) : change);
  }
  return [...byMessage.values()];
}
