import { z } from 'zod';
import { did } from '../names';
import { event } from './event';

export const BridgeRegistered = event({
  type: 'concordat.bus.bridge.registered.v1',
  summary:
    'An administrator let an agent speak Redis Streams, or gave it a new password; recorded before it is in force.',
  data: z.strictObject({ did, user: z.string().max(64) }),
  subject: (data) => data.did,
});

export const BridgeRemoved = event({
  type: 'concordat.bus.bridge.removed.v1',
  summary: 'An administrator took the user in Redis and the streams from an agent; recorded before.',
  data: z.strictObject({ did, user: z.string().max(64) }),
  subject: (data) => data.did,
});

export const BridgeEntryRefused = event({
  type: 'concordat.bus.bridge-entry.refused.v1',
  summary:
    'An entry of an agent that speaks Redis Streams was refused; repetitions within a short time are counted together.',
  data: z.strictObject({
    did,
    /** From the catalogue of errors. */
    code: z.string().max(64),
    count: z.number().int().positive(),
  }),
  subject: (data) => data.did,
});
