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

export const TrailOpened = event({
  type: 'concordat.audit.trail.opened.v1',
  summary:
    'Somebody began to export the audit trail or to follow it; logged once, before the first event leaves.',
  data: z.strictObject({
    operation: z.string(),
    reader: z.string(),
    /** Of whom everything was asked (right of access); null otherwise. */
    about: z.string().nullable(),
  }),
  subject: ({ about, reader }) => about ?? reader,
});
