import { z } from 'zod';
import { correlationId, did, jsonValue, messageId, messagePriority, messageType, timestamp } from '../names';
import { event } from './event';

const ofMessage = { messageId, to: did, from: z.string() };

export const MessageAccepted = event({
  type: 'concordat.bus.message.accepted.v1',
  summary: 'A message was accepted and waits in the inbox of its recipient.',
  data: z.strictObject({
    ...ofMessage,
    type: messageType,
    priority: messagePriority,
    correlationId: correlationId.nullable(),
    replyTo: did.nullable(),
    ttlSeconds: z.number().int().nullable(),
    payload: jsonValue,
  }),
  subject: ({ from }) => from,
});

export const MessageSent = event({
  type: 'concordat.bus.message.sent.v1',
  summary: 'A message was handed to its recipient under a lease.',
  data: z.strictObject({ ...ofMessage, attempt: z.number().int().positive() }),
  subject: ({ from }) => from,
});

export const MessageDelivered = event({
  type: 'concordat.bus.message.delivered.v1',
  summary: 'The recipient acknowledged a message.',
  data: z.strictObject({ ...ofMessage, attempt: z.number().int().positive() }),
  subject: ({ from }) => from,
});

export const MessageFailed = event({
  type: 'concordat.bus.message.failed.v1',
  summary: 'A message was given up after its last delivery attempt.',
  data: z.strictObject({ ...ofMessage, attempt: z.number().int().positive(), error: z.string() }),
  subject: ({ from }) => from,
});

export const MessageExpired = event({
  type: 'concordat.bus.message.expired.v1',
  summary: 'A message outlived its time to live before it was acknowledged.',
  data: z.strictObject({ ...ofMessage, attempt: z.number().int().nonnegative(), expiredAt: timestamp }),
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
