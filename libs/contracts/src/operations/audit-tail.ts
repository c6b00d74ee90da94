import { z } from 'zod';
import { correlationId } from '../names';
import { operation } from '../operation';
import { auditEvent } from './audit';

export const auditTailOperations = {
  'audit.stream': operation({
    name: 'audit.stream',
    service: 'audit',
    summary:
      'Follow the events of all services as they enter the log. Agents see what concerns them, API keys their tenant.',
    kind: 'stream',
    caller: 'credential',
    scope: 'read',
    http: {
      ...{ method: 'GET', path: '/v1/audit/stream', status: 200 },
      headers: { 'last-event-id': 'lastEventId' },
    },
    input: z.strictObject({
      type: z.string().max(128).optional(),
      subject: z.string().max(256).optional(),
      /** Who did it, or with whose right it was done. */
      actor: z.string().max(256).optional(),
      correlationId: correlationId.optional(),
      /** Index in the log of the last event that was seen: what is behind it comes first. Left out, the stream begins now. */
      lastEventId: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    }),
    output: auditEvent,
    itemId: 'logIndex',
    errors: [],
  }),
};
