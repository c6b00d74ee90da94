import {
  type EventEnvelope,
  type EventSpec,
  MessageAccepted,
  MessageAcceptedV1,
  MessageDelivered,
  MessageExpired,
  MessageFailed,
  MessageSent,
  MessagesDelivered,
  MessagesExpired,
  MessagesFailed,
  MessagesPurged,
  MessagesReplayed,
  MessagesSent,
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
  /** Deliveries so far; counted anew after a replay, of which the most count. */
  readonly attempt: number;
  /** How often it was replayed from the dead letters. */
  readonly replay: number;
  readonly acceptance: Acceptance<Payload> | null;
  readonly deliveredAt: string | null;
  /** Why it has the status that it has. */
  readonly error: string | null;
}

const ranks = { PENDING: 0, SENT: 1, EXPIRED: 2, FAILED: 3 } as const;
const ranksOfReplay = 8;
/** Replays that are told apart: their ranks are those of a smallint. */
const mostReplays = 4_000;

/**
 * A later status replaces an earlier one, never the other way round: whatever follows a replay is later than what went
 * before it, and nothing comes after an acknowledgement, in which of several queues ever.
 */
export const rankOf = ({ status, replay }: Pick<MessageChange, 'status' | 'replay'>): number =>
  status === 'DELIVERED' ? 32_767 : Math.min(replay, mostReplays) * ranksOfReplay + ranks[status];

/** The event types that change messages. */
export const messageEvents: readonly EventSpec[] = [
  ...[MessageAccepted, MessagesSent, MessagesDelivered, MessagesFailed, MessagesExpired, MessagesPurged],
  MessagesReplayed,
  // As the bus told it before it told of several messages together.
  ...[MessageAcceptedV1, MessageSent, MessageDelivered, MessageFailed, MessageExpired],
];
const messageTypes = new Set<string>(messageEvents.map(({ type }) => type));

export const isMessageEvent = ({ type }: Pick<EventEnvelope, 'type'>): boolean => messageTypes.has(type);

/** A group of a topic gets what was sent to the topic. */
const recipientOf = (address: string): string => address.replace(/\/.*$/s, '');
const purged = 'It was purged before it was acknowledged.';

/**
 * @param data opened JSON of the event
 * @returns what it tells, message by message; nothing for an event that changes none
 * @throws ZodError when the data are not those of the event type
 */
export function messageChanges(envelope: EventEnvelope, data: unknown): MessageChange[] {
  const { type, tenant, time } = envelope;
  const each = (
    spec: Together,
    status: MessageStatus,
    more: { deliveredAt?: string; errorOf?: (item: Item) => string | null } = {},
  ): MessageChange[] => {
    const { to: address, items } = spec.data.parse(data);
    const to = recipientOf(address);
    const { deliveredAt = null, errorOf = () => null } = more;
    // Written out: thousands a second are made of it.
    return (items as readonly Item[]).map((item) => ({
      tenant,
      messageId: item.messageId,
      from: item.from,
      to,
      status,
      attempt: item.attempt,
      replay: item.replay ?? 0,
      acceptance: null,
      deliveredAt,
      error: errorOf(item),
    }));
  };
  switch (type) {
    case MessageAccepted.type:
    case MessageAcceptedV1.type: {
      const spec = type === MessageAccepted.type ? MessageAccepted : MessageAcceptedV1;
      return [acceptedChange(envelope, spec.data.parse(data))];
    }
    case MessagesSent.type:
      return each(MessagesSent, 'SENT');
    case MessagesDelivered.type:
      return each(MessagesDelivered, 'DELIVERED', { deliveredAt: time });
    case MessagesFailed.type:
      return each(MessagesFailed, 'FAILED', { errorOf: ({ error = null }) => error });
    case MessagesExpired.type:
      return each(MessagesExpired, 'EXPIRED');
    case MessagesReplayed.type:
      return each(MessagesReplayed, 'PENDING');
    case MessagesPurged.type:
      return each(MessagesPurged, 'EXPIRED', { errorOf: () => purged });
    default:
      return earlierChange(envelope, data);
  }
}

interface Item {
  readonly messageId: string;
  readonly from: string;
  readonly attempt: number;
  readonly replay?: number | undefined;
  readonly error?: string;
}
type Together =
  | typeof MessagesSent
  | typeof MessagesDelivered
  | typeof MessagesFailed
  | typeof MessagesExpired
  | typeof MessagesReplayed
  | typeof MessagesPurged;

function acceptedChange(
  { tenant, time }: EventEnvelope,
  {
    messageId,
    from,
    to,
    type,
    priority,
    correlationId,
    replyTo,
    ttlSeconds,
    payload,
  }: Omit<Accepted, 'delaySeconds' | 'key' | 'signature' | 'schema' | 'cloudEvent'>,
): MessageChange {
  const acceptance = { type, priority, correlationId, replyTo, ttlSeconds, payload, timestamp: time };
  const nothing = { attempt: 0, replay: 0, deliveredAt: null, error: null };
  return { tenant, messageId, from, to, status: 'PENDING', acceptance, ...nothing };
}

/** Events as the bus told them before it told of several messages together. */
function earlierChange({ type, tenant, time }: EventEnvelope, data: unknown): MessageChange[] {
  const nothing = { replay: 0, acceptance: null, deliveredAt: null, error: null };
  switch (type) {
    case MessageSent.type:
      return [{ ...nothing, tenant, ...MessageSent.data.parse(data), status: 'SENT' }];
    case MessageDelivered.type: {
      const delivered = MessageDelivered.data.parse(data);
      return [{ ...nothing, tenant, ...delivered, status: 'DELIVERED', deliveredAt: time }];
    }
    case MessageFailed.type:
      return [{ ...nothing, tenant, ...MessageFailed.data.parse(data), status: 'FAILED' }];
    case MessageExpired.type: {
      const { expiredAt: _, ...expired } = MessageExpired.data.parse(data);
      return [{ ...nothing, tenant, ...expired, status: 'EXPIRED' }];
    }
    default:
      throw new Error(`${type} is not an event of a message`);
  }
}

/** What two changes of one message tell together. Neither their order nor their grouping matters. */
export function mergeChanges<P>(a: MessageChange<P>, b: MessageChange<P>): MessageChange<P> {
  const [first, second] = [rankOf(a), rankOf(b)];
  return {
    ...a,
    // A copy of a broadcast is told to one inbox; the acceptance knows whom it was sent to.
    to: !a.acceptance && b.acceptance ? b.to : a.to,
    status: second > first ? b.status : a.status,
    attempt: Math.max(a.attempt, b.attempt),
    replay: Math.max(a.replay, b.replay),
    acceptance: a.acceptance ?? b.acceptance,
    deliveredAt: least(a.deliveredAt, b.deliveredAt),
    error: first === second ? least(a.error, b.error) : second > first ? b.error : a.error,
  };
}

/** Of two acknowledgements the first one, of two reasons one that everybody chooses. */
function least(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
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
