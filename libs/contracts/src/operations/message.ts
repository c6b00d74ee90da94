import { z } from 'zod';
import { cloudEventContext, isBase64 } from '../cloud-event/cloud-event-context';
import { signatures } from '../keys';
import { limits } from '../limits';
import {
  correlationId,
  destination,
  did,
  jsonValue,
  messageId,
  messagePriority,
  messageStatus,
  messageType,
  orderingKey,
  schemaName,
  timestamp,
} from '../names';
import { operation } from '../operation';
import { problem } from '../problem';

/** The setting of the store that had acknowledged the write when the answer was given. */
export const durability = z.enum([
  'appendfsync-always',
  'appendfsync-everysec',
  'appendfsync-no',
  'none',
  'unknown',
]);

const outgoingMessage = {
  to: destination,
  type: messageType,
  payload: jsonValue,
  priority: messagePriority.default('NORMAL'),
  correlationId: correlationId.optional(),
  replyTo: did.optional(),
  ttlSeconds: z.number().int().min(1).max(limits.messageTtlSeconds).optional(),
  /** Cannot be fetched before, and takes its place in the order of its key only then. */
  delaySeconds: z.number().int().min(0).max(limits.messageDelaySeconds).optional(),
  /** Ordering key: what has the same one is delivered in order, one at a time. */
  key: orderingKey.optional(),
  /** Of the sending agent, over `messageSigningText`; verified, and kept for later proof. */
  signature: signatures.optional(),
  /** The schema that the payload must satisfy; without a version the latest one. */
  schema: schemaName.optional(),
  /** The event that the message is, less its data: those are the payload. */
  cloudEvent: cloudEventContext.optional(),
};

function isPayloadOfEvent({
  payload,
  cloudEvent,
}: {
  payload: unknown;
  cloudEvent?: object | undefined;
}): boolean {
  const encoding = cloudEvent && (cloudEvent as { data_encoding?: unknown }).data_encoding;
  if (encoding === undefined) return true;
  return encoding === 'none' ? payload === null : isBase64(payload);
}
const asEncoded = { path: ['payload'], message: 'is not what data_encoding says' };

/** What became of one message of a batch: the first three, or the problem. */
const batchItem = z.strictObject({
  id: messageId.nullable(),
  status: messageStatus.nullable(),
  durability: durability.nullable(),
  problem: problem.nullable(),
});

const sendErrors = [
  ...(['RECIPIENT_UNKNOWN', 'TOPIC_UNKNOWN', 'INBOX_FULL', 'QUOTA_EXCEEDED'] as const),
  ...(['MESSAGE_SIGNATURE_INVALID', 'SCHEMA_UNKNOWN', 'PAYLOAD_INVALID'] as const),
] as const;

export const messageOperations = {
  'message.send': operation({
    name: 'message.send',
    service: 'bus',
    summary:
      'Send a message to an agent, a topic or everybody. Once acknowledged it survives a power cut in the default mode.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/messages', status: 202 },
    input: z.strictObject(outgoingMessage).refine(isPayloadOfEvent, asEncoded),
    messages: () => 1,
    output: z.strictObject({ id: messageId, status: messageStatus, durability }),
    errors: sendErrors,
  }),
  'message.sendBatch': operation({
    name: 'message.sendBatch',
    service: 'bus',
    summary:
      'Send messages together. Each is accepted or refused by itself, and a batch can be repeated as a whole.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/messages/batch', status: 200 },
    input: z.strictObject({
      messages: z
        .array(
          z
            .strictObject({
              ...outgoingMessage,
              /** As the header of a single message; left out, the one of the batch and the place in it. */
              idempotencyKey: z
                .string()
                .regex(/^[\x21-\x7e]{1,255}$/)
                .optional(),
            })
            .refine(isPayloadOfEvent, asEncoded),
        )
        .min(1)
        .max(limits.batchMessages),
    }),
    messages: ({ messages }) => (messages as readonly unknown[]).length,
    output: z.strictObject({ items: z.array(batchItem) }),
    errors: ['QUOTA_EXCEEDED'],
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
      to: destination,
      type: messageType,
      priority: messagePriority,
      /** Of a message of several recipients: PENDING while one of them is not done with it, else the worst end. */
      status: messageStatus,
      correlationId: z.string().nullable(),
      timestamp,
      deliveredAt: timestamp.nullable(),
      /** Deliveries so far; 0 for a message of several recipients. */
      attempts: z.number().int(),
      /** How many queues are at which end; null for a message to everybody, which nobody counts. */
      recipients: z
        .strictObject({
          open: z.number().int(),
          delivered: z.number().int(),
          failed: z.number().int(),
          expired: z.number().int(),
          purged: z.number().int(),
        })
        .nullable(),
      /** Deliveries that did not succeed. */
      history: z.array(
        z.strictObject({
          attempt: z.number().int(),
          at: timestamp,
          cause: z.enum(['nack', 'lease', 'replay']),
          error: z.string().nullable(),
        }),
      ),
    }),
    errors: ['MESSAGE_UNKNOWN'],
  }),
};
