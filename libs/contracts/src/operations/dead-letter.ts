import { z } from 'zod';
import { limits } from '../limits';
import { jsonValue, messageId, messageType, queueAddress, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

const deadLetter = z.strictObject({
  id: messageId,
  /** The queue in which it died: a DID, or `topic:<name>/<group>`. */
  queue: queueAddress,
  from: z.string(),
  type: messageType,
  correlationId: z.string().nullable(),
  timestamp,
  failedAt: timestamp,
  attempts: z.number().int(),
  /** The cause of its end. */
  error: z.string(),
  history: z.array(
    z.strictObject({
      attempt: z.number().int(),
      at: timestamp,
      cause: z.enum(['nack', 'lease', 'replay']),
      error: z.string().nullable(),
    }),
  ),
});

/** Which dead letters; an agent sees those of its own inbox, an administrator all. */
const filter = {
  queue: queueAddress.optional(),
  from: z.string().max(256).optional(),
  type: messageType.optional(),
  /** Part of the cause, whatever its case. */
  error: z.string().min(1).max(256).optional(),
  failedBefore: timestamp.optional(),
  failedAfter: timestamp.optional(),
};

const changed = z.strictObject({
  items: z.array(z.strictObject({ id: messageId, queue: queueAddress })).max(limits.deadLetterItems),
  dryRun: z.boolean(),
  /** There are more of them: repeat the request. */
  hasMore: z.boolean(),
});

export const deadLetterOperations = {
  'deadLetter.list': operation({
    name: 'deadLetter.list',
    service: 'bus',
    summary: 'Search messages that were given up after their last attempt, the latest first.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/dead-letters', status: 200 },
    input: z.strictObject({ ...filter, ...pageInput }),
    output: page(deadLetter),
    errors: [],
  }),
  'deadLetter.get': operation({
    name: 'deadLetter.get',
    service: 'bus',
    summary: 'Read a dead letter with its payload.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/dead-letters/{id}', status: 200 },
    input: z.strictObject({ id: messageId, queue: queueAddress.optional() }),
    output: deadLetter.extend({ payload: jsonValue }),
    errors: ['DEAD_LETTER_UNKNOWN'],
  }),
  'deadLetter.replay': operation({
    name: 'deadLetter.replay',
    service: 'bus',
    summary: 'Let dead letters wait in their queue again, as if they were new: those named, or those found.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/dead-letters/replay', status: 200 },
    input: z.strictObject({
      ids: z.array(messageId).min(1).max(limits.deadLetterItems).optional(),
      ...filter,
      /** Only tells what would be replayed. */
      dryRun: z.boolean().default(false),
    }),
    output: changed,
    errors: ['DEAD_LETTER_FILTER_MISSING'],
  }),
  'deadLetter.purge': operation({
    name: 'deadLetter.purge',
    service: 'bus',
    summary: 'Purge dead letters: those named, or those found. The audit trail keeps that they were.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'DELETE', path: '/v1/dead-letters', status: 200 },
    input: z.strictObject({
      id: messageId.optional(),
      ...filter,
      /** Only tells what would be purged. */
      dryRun: z.enum(['true', 'false']).default('false'),
    }),
    output: changed,
    errors: ['DEAD_LETTER_FILTER_MISSING'],
  }),
};
