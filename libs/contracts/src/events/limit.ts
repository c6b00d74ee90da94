import { z } from 'zod';
import { limitAmounts, limitKind } from '../operations/limit';
import { event } from './event';

const subject = { kind: limitKind, id: z.string().max(256) };

export const LimitChanged = event({
  type: 'concordat.bus.limit.changed.v1',
  summary: 'An administrator set the limit of a subject; recorded before it is in force.',
  data: z.strictObject({ ...subject, ...limitAmounts.shape }),
  subject: ({ id }) => id,
});

export const LimitRemoved = event({
  type: 'concordat.bus.limit.removed.v1',
  summary: 'An administrator deleted the limit of a subject.',
  data: z.strictObject(subject),
  subject: ({ id }) => id,
});

export const LimitExceeded = event({
  type: 'concordat.bus.limit.exceeded.v1',
  summary: 'A subject was refused by a limit; repetitions within a short time are counted together.',
  data: z.strictObject({
    /** `address`: callers without a credential; which of them is not kept. */
    kind: z.enum([...limitKind.options, 'address']),
    id: z.string().max(256),
    limit: z.enum(['requestsPerSecond', 'messagesPerMinute', 'messagesPerDay']),
    count: z.number().int().positive(),
  }),
  subject: ({ id }) => id,
});
