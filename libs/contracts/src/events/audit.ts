import { z } from 'zod';
import { event } from './event';

export const TrailQueried = event({
  type: 'concordat.audit.trail.queried.v1',
  summary: 'Somebody queried the audit trail; logged once per query.',
  data: z.strictObject({
    operation: z.string(),
    reader: z.string(),
    results: z.number().int().nonnegative(),
  }),
  subject: ({ reader }) => reader,
});
