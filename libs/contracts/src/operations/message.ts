import { z } from 'zod';
import { limits } from '../limits';
import {
  correlationId,
  did,
  jsonValue,
  messageId,
  messagePriority,
  messageStatus,
  messageType,
  timestamp,
} from '../names';
import { operation } from '../operation';

/** The setting of the store that had acknowledged the write when the answer was given. */
export const durability = z.enum([
  'appendfsync-always',
  'appendfsync-everysec',
  'appendfsync-no',
  'none',
  'unknown',
]);

const deliveryToken = z.string().regex(/^[A-Za-z0-9_.-]{1,160}$/);

const delivery = z.strictObject({
  id: messageId,
  /** Proves that the lease is yours: `POST /v1/inbox/ack` wants it, and a later delivery makes it stale. */
  deliveryToken,
  /** 1 for the first delivery */
  attempt: z.number().int(),
  from: z.string(),
  to: did,
  type: messageType,
  priority: messagePriority,
  correlationId: z.string().nullable(),
  replyTo: did.nullable(),
  payload: jsonValue,
  timestamp,
  expiresAt: timestamp.nullable(),
  leaseSeconds: z.number().int(),
  traceparent: z.string().nullable(),
});
export type Delivery = z.infer<typeof delivery>;

export const messageOperations = {
  'message.send': operation({
    name: 'message.send',
    service: 'bus',
    summary: 'Send a message to an agent. Once acknowledged it survives a power cut in the default mode.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/messages', status: 202 },
    input: z.strictObject({
      to: did,
      type: messageType,
      payload: jsonValue,
      priority: messagePriority.default('NORMAL'),
      correlationId: correlationId.optional(),
      replyTo: did.optional(),
      ttlSeconds: z.number().int().min(1).max(limits.messageTtlSeconds).optional(),
    }),
    output: z.strictObject({ id: messageId, status: messageStatus, durability }),
    errors: ['RECIPIENT_UNKNOWN', 'INBOX_FULL'],
  }),
  'message.get': operation({
    name: 'message.get',
    service: 'bus',
    summary: 'Read the status of a message: for its sender, its recipient and administrators.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/messages/{id}', status: 200 },
    input: z.strictObject({ id: messageId }),
    output: z.strictObject({
      id: messageId,
      from: z.string(),
      to: did,
      type: messageType,
      priority: messagePriority,
      status: messageStatus,
      correlationId: z.string().nullable(),
      timestamp,
      deliveredAt: timestamp.nullable(),
      attempts: z.number().int(),
    }),
    errors: ['MESSAGE_UNKNOWN'],
  }),
  'inbox.fetch': operation({
    name: 'inbox.fetch',
    service: 'bus',
    summary: 'Receive messages: first those whose lease has ended, then new ones, by priority.',
    kind: 'query',
    caller: 'agent',
    scope: 'read',
    http: { method: 'GET', path: '/v1/inbox', status: 200 },
    input: z.strictObject({
      count: z.coerce.number().int().min(1).max(limits.inboxFetchItems).default(10),
      waitSeconds: z.coerce.number().min(0).max(limits.inboxWaitSeconds).default(0),
      leaseSeconds: z.coerce.number().int().min(1).max(limits.leaseSeconds).default(30),
    }),
    output: z.strictObject({ items: z.array(delivery) }),
    errors: [],
  }),
  'inbox.ack': operation({
    name: 'inbox.ack',
    service: 'bus',
    summary: 'Acknowledge deliveries. Valid tokens are settled even when others in the list are stale.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'POST', path: '/v1/inbox/ack', status: 200 },
    input: z.strictObject({ tokens: z.array(deliveryToken).min(1).max(limits.inboxFetchItems) }),
    output: z.strictObject({ acked: z.array(messageId) }),
    errors: ['DELIVERY_TOKEN_STALE'],
  }),
};
