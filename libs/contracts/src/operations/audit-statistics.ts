import { z } from 'zod';
import { did, messagePriority, messageStatus, messageType, timestamp } from '../names';
import { operation } from '../operation';

const count = z.number().int().nonnegative();
/** Milliseconds; null when nothing was delivered. */
const milliseconds = z.number().nonnegative().nullable();
const agentCount = z.strictObject({ agent: z.string(), messages: count });

export const auditStatistics = z.strictObject({
  from: timestamp,
  to: timestamp,
  agent: z.string().nullable(),
  messages: count,
  byStatus: z.record(messageStatus, count),
  byType: z.record(messageType, count),
  byPriority: z.record(messagePriority, count),
  /** Share of messages that failed or expired, 0 to 1; null when there are none. */
  errorRate: z.number().min(0).max(1).nullable(),
  /** From acceptance to the first acknowledgement. The average is exact; percentiles are within `relativeError`. */
  delivery: z.strictObject({
    timed: count,
    averageMs: milliseconds,
    p50Ms: milliseconds,
    p90Ms: milliseconds,
    p95Ms: milliseconds,
    p99Ms: milliseconds,
    relativeError: z.number(),
  }),
  /** Of all agents of the tenant; empty when the statistics are those of one agent. */
  topSenders: z.array(agentCount),
  topReceivers: z.array(agentCount),
});

export const auditStatisticsOperations = {
  'audit.statistics': operation({
    name: 'audit.statistics',
    service: 'audit',
    summary:
      'Statistics of the messages that were accepted in any window of time: totals, error rate, delivery times, top senders and receivers. Agents see their own, API keys those of their tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/statistics', status: 200 },
    input: z.strictObject({
      /** First millisecond of the window. */
      from: timestamp,
      /** First millisecond after the window. */
      to: timestamp,
      /** Messages that this agent sent or got. */
      agent: did.optional(),
      /** How many agents the lists of senders and receivers name. */
      top: z.coerce.number().int().min(1).max(100).default(10),
    }),
    output: auditStatistics,
    errors: [],
  }),
};
