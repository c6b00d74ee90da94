import { z } from 'zod';
import { signatures } from '../keys';
import {
  correlationId,
  destination,
  did,
  groupName,
  jsonObject,
  jsonValue,
  messageId,
  messagePriority,
  messageType,
  orderingKey,
  queueAddress,
  schemaType,
  timestamp,
  topicName,
} from '../names';
import { event } from './event';

/** Bounds far beyond what the bus writes: they are those of a column, and keep out what is no event of the bus. */
const whole = z.number().int().nonnegative().max(2_147_483_647);
const attempt = whole.min(1);
const ofMessage = { messageId, to: did, from: z.string().max(256) };

/** As the bus wrote it before it knew topics: stays readable. */
export const MessageAcceptedV1 = event({
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

export const MessageAccepted = event({
  type: 'concordat.bus.message.accepted.v2',
  summary: 'A message was accepted and waits for its recipients.',
  data: z.strictObject({
    messageId,
    to: destination,
    from: z.string().max(256),
    type: messageType,
    priority: messagePriority,
    correlationId: correlationId.nullable(),
    replyTo: did.nullable(),
    ttlSeconds: whole.nullable(),
    delaySeconds: whole.nullable(),
    /** Ordering key */
    key: orderingKey.nullable(),
    /** Of the sender, over `messageSigningText`. */
    signature: signatures.nullable(),
    /** The registered schema that the payload was checked against, `<type>/<version>`. */
    schema: z.string().max(256).nullable(),
    /** Attributes of the CloudEvent that came in, without its data. */
    cloudEvent: jsonObject.nullable(),
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

const item = {
  ...{ messageId, from: z.string().max(256), attempt: whole },
  /** How often it was replayed after it had become a dead letter; left out when it never was. */
  replay: whole.min(1).optional(),
};
/** What happened to messages of one queue together: one event for all that one step of the bus did to them. */
const inQueue = <S extends z.ZodRawShape>(more: S, to: z.ZodType<string> = queueAddress) =>
  z.strictObject({
    to,
    items: z
      .array(z.strictObject({ ...item, ...more }))
      .min(1)
      .max(1_000),
  });
const reason = z.string().max(1_024);

export const MessagesSent = event({
  type: 'concordat.bus.messages.sent.v1',
  summary: 'Messages were handed to a consumer under a lease.',
  data: inQueue({}),
  subject: ({ to }) => to,
});

export const MessagesDelivered = event({
  type: 'concordat.bus.messages.delivered.v1',
  summary: 'A consumer acknowledged messages.',
  data: inQueue({}),
  subject: ({ to }) => to,
});

export const MessagesReturned = event({
  type: 'concordat.bus.messages.returned.v1',
  summary: 'Messages came back: given back by the consumer, at the end of the lease, or undelivered.',
  data: inQueue({ cause: z.enum(['nack', 'lease', 'released']), error: reason.optional() }),
  subject: ({ to }) => to,
});

export const MessagesFailed = event({
  type: 'concordat.bus.messages.failed.v1',
  summary: 'Messages became dead letters after their last attempt.',
  data: inQueue({ error: reason }),
  subject: ({ to }) => to,
});

export const MessagesExpired = event({
  type: 'concordat.bus.messages.expired.v1',
  summary: 'Messages outlived their time to live before they were acknowledged; to `*`, for all who had not.',
  data: inQueue({}, z.union([queueAddress, z.literal('*')])),
  subject: ({ to }) => to,
});

export const MessagesReplayed = event({
  type: 'concordat.bus.messages.replayed.v1',
  summary: 'Dead letters wait in their queue again.',
  data: inQueue({}),
  subject: ({ to }) => to,
});

export const MessagesPurged = event({
  type: 'concordat.bus.messages.purged.v1',
  summary: 'Messages were purged: dead letters, or what waited in a group that was removed.',
  data: inQueue({}),
  subject: ({ to }) => to,
});

const topicEvent = (past: 'created' | 'changed' | 'deleted', summary: string) =>
  event({
    type: `concordat.bus.topic.${past}.v1`,
    summary,
    data: z.strictObject({ topic: topicName }),
    subject: ({ topic }) => `topic:${topic}`,
  });
export const TopicCreated = topicEvent('created', 'A topic was created.');
export const TopicChanged = topicEvent('changed', 'A topic was described anew.');
export const TopicDeleted = topicEvent('deleted', 'A topic was deleted with its groups.');

const subscriptionEvent = (past: 'created' | 'deleted', summary: string) =>
  event({
    type: `concordat.bus.subscription.${past}.v1`,
    summary,
    data: z.strictObject({ topic: topicName, group: groupName }),
    subject: ({ topic }) => `topic:${topic}`,
  });
export const SubscriptionCreated = subscriptionEvent('created', 'A group of consumers was added to a topic.');
export const SubscriptionDeleted = subscriptionEvent('deleted', 'A group of consumers was removed.');

export const SchemaRegistered = event({
  type: 'concordat.bus.schema.registered.v1',
  summary: 'A version of the schema of a payload type was registered.',
  data: z.strictObject({
    type: schemaType,
    version: whole.min(1),
    encoding: z.enum(['json', 'protobuf']),
    compatibility: z.enum(['backward', 'none']),
    /** SHA-256 of the canonical JSON of what was registered, base64url. */
    digest: z.string(),
  }),
  subject: ({ type }) => `schema:${type}`,
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
