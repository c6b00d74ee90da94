import { z } from 'zod';
import { correlationId, did, jsonValue, messageId, messagePriority, messageType, timestamp } from '../names';
import { event } from './event';

/** Bounds far beyond what the bus writes: they are those of a column, and keep out what is no event of the bus. */
const whole = z.number().int().nonnegative().max(2_147_483_647);
const attempt = whole.min(1);
const ofMessage = { messageId, to: did, from: z.string().max(256) };

export const MessageAccepted = event({
  type: 'concordat.bus.message.accepted.v1',
  summary: 'A message was accepted and waits in the inbox of its recipient.',
  data: z.strictObject({
    ...ofMessage,
    type: messageType,
    priority: messagePriority,
    correlationId: correlationId.nullable(),
    replyTo: did.nullable(),
    ttlSeconds: whole.nullable(),
    payload: jsonValue,
  }),
  subject: ({ from }) => from,
});

export const MessageSent = event({
  type: 'concordat.bus.message.sent.v1',
  summary: 'A message was handed to its recipient under a lease.',
  data: z.strictObject({ ...ofMessage, attempt }),
  subject: ({ from }) => from,
});

export const MessageDelivered = event({
  type: 'concordat.bus.message.delivered.v1',
  summary: 'The recipient acknowledged a message.',
  data: z.strictObject({ ...ofMessage, attempt }),
  subject: ({ from }) => from,
});

export const MessageFailed = event({
  type: 'concordat.bus.message.failed.v1',
  summary: 'A message was given up after its last delivery attempt.',
  data: z.strictObject({ ...ofMessage, attempt, error: z.string() }),
  subject: ({ from }) => from,
});

export const MessageExpired = event({
  type: 'concordat.bus.message.expired.v1',
  summary: 'A message outlived its time to live before it was acknowledged.',
  data: z.strictObject({ ...ofMessage, attempt: whole, expiredAt: timestamp }),
  subject: ({ from }) => from,
});

export const RequestRefused = event({
  type: 'concordat.bus.request.refused.v1',
  summary: 'The gateway refused a request; repetitions within a short time are counted together.',
  data: z.strictObject({
    operation: z.string(),
    code: z.string(),
    caller: z.string(),
    count: z.number().int().positive(),
  }),
  subject: ({ caller }) => caller,
});
