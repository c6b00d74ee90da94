import { chainStart } from '@concordat/audit-export';
import { z } from 'zod';

const count = z.number().int().nonnegative();

/** How far an export has come. */
export const exportPlace = z.strictObject({
  /** Size of the checkpoint that it proves: what comes later is not in it. */
  size: count,
  /** Entry of the log that is looked at next. */
  scan: count,
  /** Entries that are proven so far, by an event or by the hashes of a gap. */
  proven: count,
  /** Chain value of the last line. */
  chain: z.string(),
  count,
  first: count.nullable(),
  last: count.nullable(),
  messages: count,
  /** The last message; null: none yet. */
  message: z.strictObject({ at: z.string(), messageId: z.string() }).nullable(),
  /** Whether all messages are in it. */
  isTold: z.boolean(),
});
export type ExportPlace = z.infer<typeof exportPlace>;

export const exportStart = (size: number): ExportPlace => ({
  ...{ size, scan: 0, proven: 0, chain: chainStart, count: 0, first: null, last: null },
  ...{ messages: 0, message: null, isTold: false },
});
