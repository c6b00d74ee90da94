import type { Delivery, MessageAccepted } from '@concordat/contracts';
import type { z } from 'zod';
import type { LeasedMessage } from './delivery-store';
import { toToken } from './delivery-token';

/** What the bus keeps of a message beside its payload. */
export type MessageHead = Omit<z.output<typeof MessageAccepted.data>, 'payload'>;

export const parseHead = (text: string): MessageHead => JSON.parse(text) as MessageHead;

/** A leased message as its consumer sees it. */
export function toDelivery(message: LeasedMessage): Delivery {
  const head = parseHead(message.head);
  const { ttlSeconds } = head;
  return {
    id: head.messageId,
    deliveryToken: toToken(message),
    attempt: message.attempt,
    from: head.from,
    to: head.to,
    type: head.type,
    priority: head.priority,
    correlationId: head.correlationId,
    replyTo: head.replyTo,
    key: head.key,
    signature: head.signature,
    payload: JSON.parse(message.payload) as Delivery['payload'],
    timestamp: message.time,
    expiresAt:
      ttlSeconds === null ? null : new Date(Date.parse(message.time) + ttlSeconds * 1_000).toISOString(),
    delaySeconds: head.delaySeconds,
    leaseSeconds: message.leaseSeconds,
    traceparent: message.traceparent || null,
    schema: head.schema,
    cloudEvent: head.cloudEvent as Delivery['cloudEvent'],
  };
}
