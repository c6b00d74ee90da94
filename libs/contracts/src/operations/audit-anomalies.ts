import { z } from 'zod';
import { limits } from '../limits';
import { timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

/**
 * `errorRate`: of the messages of an agent that ended, more failed or expired than it is used to. `volume`: it sends more
 * messages. `fanOut`: it sends to more recipients. `newCounterparty`: it sends to those that it never sent to.
 */
export const anomalyKind = z.enum(['errorRate', 'volume', 'fanOut', 'newCounterparty']);
export type AnomalyKind = z.infer<typeof anomalyKind>;

/** As messages name it: a DID, or `apiKey:<id>`, `user:<id>`. */
export const sender = z.string().min(1).max(256);

const enabled = z.boolean();
const probability = z.number().min(1e-12).max(0.1);
const surge = {
  enabled: enabled.default(true),
  /** Standard deviations above the median of the windows before, by median absolute deviation. */
  deviations: z.number().min(2).max(100).default(6),
  /** So many times the highest of the windows before. */
  factor: z.number().min(1).max(100).default(2),
};

export const errorRateSettings = z.strictObject({
  enabled: enabled.default(true),
  /** Messages of a window that failed or expired, at least. */
  minimum: z.number().int().min(1).max(1_000_000).default(5),
  /** Share of those that ended, at least. */
  minimumRate: z.number().min(0.01).max(1).default(0.2),
  /** Of so many by chance, given the windows before, at most. */
  probability: probability.default(1e-6),
});
export const volumeSettings = z.strictObject({
  ...surge,
  /** Messages of a window, at least. */
  minimum: z.number().int().min(1).max(1_000_000).default(50),
});
export const fanOutSettings = z.strictObject({
  ...surge,
  /** Recipients of a window, at least. */
  minimum: z.number().int().min(1).max(5_000).default(10),
});
export const newCounterpartySettings = z.strictObject({
  enabled: enabled.default(true),
  /** New counterparties of a window, at least. */
  minimum: z.number().int().min(1).max(5_000).default(1),
  /** Messages that the agent has sent before, at least. */
  minimumMessages: z.number().int().min(1).max(1_000_000).default(200),
  /** Of so many by chance, given whom it met before, at most. */
  probability: probability.default(1e-4),
});

/** Rules of an agent that are not those of the tenant; a kind that is left out is as for everybody. */
const override = z.strictObject({
  agent: sender,
  errorRate: errorRateSettings.optional(),
  volume: volumeSettings.optional(),
  fanOut: fanOutSettings.optional(),
  newCounterparty: newCounterpartySettings.optional(),
});

export const anomalySettings = z
  .strictObject({
    /** Length of the windows that are compared. */
    windowSeconds: z.number().int().min(60).max(3_600).multipleOf(60).default(300),
    /** Windows in which an agent was active, before anything of it is judged. */
    warmUpWindows: z.number().int().min(3).max(limits.anomalyHistoryWindows).default(24),
    /** An incident that goes quiet for so long is over; until then it is one anomaly. */
    cooldownSeconds: z.number().int().min(60).max(604_800).default(3_600),
    errorRate: errorRateSettings.prefault({}),
    volume: volumeSettings.prefault({}),
    fanOut: fanOutSettings.prefault({}),
    newCounterparty: newCounterpartySettings.prefault({}),
    overrides: z.array(override).max(limits.anomalyOverrides).default([]),
  })
  .refine(({ overrides }) => new Set(overrides.map(({ agent }) => agent)).size === overrides.length, {
    path: ['overrides'],
    message: 'must name every agent once',
  });
export type AnomalySettings = z.output<typeof anomalySettings>;

export const anomaly = z.strictObject({
  id: z.uuid(),
  agent: z.string(),
  kind: anomalyKind,
  /** When it was noticed. */
  detectedAt: timestamp,
  windowStart: timestamp,
  windowSeconds: z.number().int().min(60).max(3_600),
  /** Messages, recipients or new counterparties; of `errorRate` a share of 1. */
  observed: z.number(),
  expected: z.number(),
  /** From which on it is an anomaly. */
  threshold: z.number(),
  /** The figures in words. */
  explanation: z.string(),
  /** Counterparties that took part. */
  examples: z.array(z.string()).max(5),
});
export type Anomaly = z.infer<typeof anomaly>;

export const auditAnomalyOperations = {
  'audit.anomalies': operation({
    name: 'audit.anomalies',
    service: 'audit',
    summary: 'List what was unusual about agents, newest first, each explained. Agents see their own.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/anomalies', status: 200 },
    input: z.strictObject({
      agent: sender.optional(),
      kind: anomalyKind.optional(),
      from: timestamp.optional(),
      to: timestamp.optional(),
      ...pageInput,
    }),
    output: page(anomaly),
    errors: [],
    neverCompressed: true,
  }),
  'audit.anomalySettings': operation({
    name: 'audit.anomalySettings',
    service: 'audit',
    summary: 'Read from when on something counts as an anomaly in the tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/audit/anomaly-settings', status: 200 },
    input: z.strictObject({}),
    output: anomalySettings,
    errors: [],
  }),
  'audit.putAnomalySettings': operation({
    name: 'audit.putAnomalySettings',
    service: 'audit',
    summary:
      'Say from when on something counts as an anomaly in the tenant; what is left out is as by default.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/audit/anomaly-settings', status: 200 },
    input: anomalySettings,
    output: anomalySettings,
    errors: [],
  }),
};
