import { z } from 'zod';
import { correlationId, did, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { auditEvent, auditMessage } from './audit';

export const auditHistoryOperations = {
  'audit.conversation': operation({
    name: 'audit.conversation',
    service: 'audit',
    summary:
      'A conversation in order: its messages, and the events of all services that belong to it. Agents see what concerns them.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/conversations/{correlationId}', status: 200 },
    input: z.strictObject({ correlationId, ...pageInput }),
    output: z.strictObject({
      correlationId: z.string(),
      /** Up to `limit` of them, by the time of acceptance. */
      messages: z.array(auditMessage),
      /** Up to `limit` of them, in the order of the log. */
      events: z.array(auditEvent),
      nextCursor: z.string().nullable(),
    }),
    errors: [],
    // As of `audit.messages`.
    neverCompressed: true,
  }),
  'audit.history': operation({
    name: 'audit.history',
    service: 'audit',
    summary: 'The messages that an agent sent, got, or both. Agents see those that concern them, too.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/agents/{did}/history', status: 200 },
    input: z.strictObject({
      did,
      direction: z.enum(['sent', 'received', 'both']).default('both'),
      from: timestamp.optional(),
      to: timestamp.optional(),
      order: z.enum(['asc', 'desc']).default('desc'),
      ...pageInput,
    }),
    output: page(auditMessage),
    errors: [],
    neverCompressed: true,
  }),
};
