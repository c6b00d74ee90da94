import { z } from 'zod';
import { event } from './event';

/** What the bus watches of itself. */
export const alertKind = z.enum(['inboxFull', 'feedBacklog', 'oldestWait', 'deadLetters']);
export type AlertKind = z.infer<typeof alertKind>;

const data = z.strictObject({
  kind: alertKind,
  /** The queue (a DID, or `topic:<name>/<group>`) or the partition (`bus.<p>`). */
  on: z.string().min(1).max(256),
  /** Messages, events or seconds, as `docs/telemetry.md` says of the kind. */
  value: z.number().nonnegative(),
  /** What it reached; below which it fell. */
  threshold: z.number().nonnegative(),
});

export const AlertRaised = event({
  type: 'concordat.bus.alert.raised.v1',
  summary: 'A queue or a partition of the bus has reached a threshold.',
  data,
  subject: ({ on }) => on,
});

export const AlertCleared = event({
  type: 'concordat.bus.alert.cleared.v1',
  summary: 'What had raised an alert is well below its threshold again.',
  data,
  subject: ({ on }) => on,
});
