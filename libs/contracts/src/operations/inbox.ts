import { z } from 'zod';
import { signatures } from '../keys';
import { limits } from '../limits';
import { destination, did, jsonValue, messageId, messagePriority, messageType, timestamp } from '../names';
import { operation } from '../operation';

const deliveryToken = z.string().regex(/^[A-Za-z0-9_.-]{1,400}$/);

export const delivery = z.strictObject({
  id: messageId,
  /** Proves that the lease is yours: `POST /v1/inbox/ack` wants it, and a later delivery makes it stale. */
  deliveryToken,
  /** 1 for the first delivery */
  attempt: z.number().int(),
  from: z.string(),
  to: destination,
  type: messageType,
  priority: messagePriority,
  correlationId: z.string().nullable(),
  replyTo: did.nullable(),
  /** Ordering key */
  key: z.string().nullable(),
  payload: jsonValue,
  /** `<type>/<version>` of the schema that the payload satisfies; null: the sender named none. */
  schema: z.string().nullable(),
  /** Of the sender, as it was verified. */
  signature: signatures.nullable(),
  timestamp,
  expiresAt: timestamp.nullable(),
  /** As it was sent: a part of what a signature vouches for. */
  delaySeconds: z.number().int().nullable(),
  leaseSeconds: z.number().int(),
  traceparent: z.string().nullable(),
  /** The event that the message was sent as, less its data (see `cloudEventContext`). */
  cloudEvent: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
});
export type Delivery = z.infer<typeof delivery>;

/** How deliveries are asked for. */
export const fetchInput = {
  count: z.coerce.number().int().min(1).max(limits.inboxFetchItems).default(10),
  waitSeconds: z.coerce.number().min(0).max(limits.inboxWaitSeconds).default(0),
  leaseSeconds: z.coerce.number().int().min(1).max(limits.leaseSeconds).default(30),
};

export const inboxOperations = {
  'inbox.fetch': operation({
    name: 'inbox.fetch',
    service: 'bus',
    summary: 'Receive messages: first those that came back, then new ones, by priority.',
    kind: 'query',
    caller: 'agent',
    scope: 'read',
    http: { method: 'GET', path: '/v1/inbox', status: 200 },
    input: z.strictObject(fetchInput),
    output: z.strictObject({ items: z.array(delivery) }),
    errors: [],
  }),
  'inbox.subscribe': operation({
    name: 'inbox.subscribe',
    service: 'bus',
    summary: 'Receive messages as they come, for as long as you read: as many at a time as you have credits.',
    kind: 'stream',
    caller: 'agent',
    scope: 'read',
    http: {
      ...{ method: 'GET', path: '/v1/inbox/stream', status: 200 },
      headers: { 'last-event-id': 'lastEventId' },
    },
    input: z.strictObject({
      /** Deliveries in flight at the same time. An acknowledgement frees one, and so does the end of a lease. */
      credits: z.coerce.number().int().min(1).max(limits.subscriptionCredits).default(32),
      leaseSeconds: z.coerce.number().int().min(1).max(limits.leaseSeconds).default(30),
      /**
       * The last message that a former stream brought. The gateway keeps no place for anybody: what was handed out then
       * and not acknowledged comes again when its lease ends, whatever is said here.
       */
      lastEventId: messageId.optional(),
    }),
    output: delivery,
    itemId: 'id',
    errors: [],
  }),
  'inbox.ack': operation({
    name: 'inbox.ack',
    service: 'bus',
    summary:
      'Acknowledge deliveries, of the inbox or of groups. Valid tokens are settled even when others in the list are stale.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'POST', path: '/v1/inbox/ack', status: 200 },
    input: z.strictObject({ tokens: z.array(deliveryToken).min(1).max(limits.inboxFetchItems) }),
    output: z.strictObject({ acked: z.array(messageId) }),
    errors: ['DELIVERY_TOKEN_STALE'],
  }),
  'inbox.nack': operation({
    name: 'inbox.nack',
    service: 'bus',
    summary: 'Give a delivery back: it comes again after a pause, or fails after its last attempt.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'POST', path: '/v1/inbox/nack', status: 200 },
    input: z.strictObject({
      token: deliveryToken,
      /** Left out, the pause grows with the attempts. */
      delaySeconds: z.number().int().min(0).max(limits.nackDelaySeconds).optional(),
      reason: z.string().trim().min(1).max(limits.nackReasonCharacters).default('The consumer gave it back.'),
    }),
    output: z.strictObject({ id: messageId, outcome: z.enum(['returned', 'failed', 'purged']) }),
    errors: ['DELIVERY_TOKEN_STALE'],
  }),
  'inbox.extend': operation({
    name: 'inbox.extend',
    service: 'bus',
    summary: 'Extend leases: each then ends so many seconds from now.',
    kind: 'command',
    caller: 'agent',
    scope: 'write',
    http: { method: 'POST', path: '/v1/inbox/extend', status: 200 },
    input: z.strictObject({
      tokens: z.array(deliveryToken).min(1).max(limits.inboxFetchItems),
      leaseSeconds: z.number().int().min(1).max(limits.leaseSeconds).default(30),
    }),
    output: z.strictObject({ extended: z.array(messageId) }),
    errors: ['DELIVERY_TOKEN_STALE'],
  }),
};
