import { z } from 'zod';
import {
  correlationId,
  did,
  messagePriority,
  messageStatus,
  messageType,
  persona,
  timestamp,
  userId,
} from '../names';

/** One of the values, or several with commas between them. */
const oneOrMore = (values: readonly string[]) =>
  z
    .string()
    .regex(
      new RegExp(`^(?:${values.join('|')})(?:,(?:${values.join('|')})){0,${values.length - 1}}$`),
      `must be of ${values.join(', ')}, with commas between several`,
    );

const window = {
  /** Not before this time. */
  from: timestamp.optional(),
  /** Before this time. */
  to: timestamp.optional(),
};
const order = z.enum(['asc', 'desc']).default('desc');

/** Filters of searches for messages; all that are given hold. */
export const messageFilter = {
  /** Who sent it, or got it. */
  agent: did.optional(),
  fromAgent: did.optional(),
  /** Who got it: an agent, `topic:<name>` or `*`. */
  toAgent: z.string().min(1).max(256).optional(),
  status: oneOrMore(messageStatus.options).optional(),
  type: oneOrMore(messageType.options).optional(),
  priority: oneOrMore(messagePriority.options).optional(),
  correlationId: correlationId.optional(),
  /** JSON object of labels that the message has: `{"orderId":"4711"}`; see `audit.setLabels`. */
  labels: z.string().max(1_024).optional(),
  ...window,
  /** By the time of acceptance. */
  order,
};

/** Filters of searches for events; all that are given hold. */
export const eventFilter = {
  /** One type, or up to 16 with commas between them. */
  type: z
    .string()
    .max(1_024)
    .regex(/^[^,]+(?:,[^,]+){0,15}$/, 'must be a type, or up to 16 with commas between them')
    .optional(),
  subject: z.string().max(256).optional(),
  /** Who did it, or with whose right it was done. */
  actor: z.string().max(256).optional(),
  /** Which person did it. */
  user: userId.optional(),
  /** Whose memory it was about. */
  persona: persona.optional(),
  /** `/concordat/iam`, as events name it. */
  source: z.string().min(1).max(64).optional(),
  correlationId: correlationId.optional(),
  ...window,
  /** In the order of the log; with a window of time, in the order of time. */
  order,
};
