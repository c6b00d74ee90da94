import { z } from 'zod';
import { timestamp } from '../names';
import { operation } from '../operation';

export const verificationId = z.string().regex(/^ver_[0-9a-f]{32}$/, 'must be ver_ and 32 of 0–9 and a–f');

/** A row of the database that is not what the log says. */
const databaseFault = z.strictObject({
  table: z.string(),
  /** Index of the entry; null for rows that belong to none. */
  logIndex: z.number().int().nullable(),
  eventId: z.string().nullable(),
  tenant: z.string().nullable(),
  /** Id of a message, name of a source, tile, size of a checkpoint. */
  row: z.string().nullable(),
  detail: z.string(),
});

const verification = z.strictObject({
  id: verificationId,
  /** interrupted: the service that did it ended before it did; start another one. */
  status: z.enum(['running', 'verified', 'faulty', 'interrupted']),
  startedAt: timestamp,
  finishedAt: timestamp.nullable(),
  phase: z.enum(['log', 'events', 'records', 'messages']).nullable(),
  /** Entries, or messages in the last phase, that were looked at. */
  checked: z.number().int().nonnegative(),
  /** Entries that the log had at the start; later ones are not looked at. */
  size: z.number().int().nonnegative(),
  faultCount: z.number().int().nonnegative(),
  /** The first bad entry first; at most a hundred. */
  faults: z.array(databaseFault),
});
export type Verification = z.infer<typeof verification>;

const common = { service: 'audit', caller: 'credential', scope: 'admin' } as const;

export const auditVerificationOperations = {
  'audit.startVerification': operation({
    ...common,
    name: 'audit.startVerification',
    summary:
      'Verify everything that the database holds of the trail against the signed log. For operators: of all tenants.',
    kind: 'command',
    http: { method: 'POST', path: '/v1/audit/verifications', status: 202 },
    input: z.strictObject({}),
    output: z.strictObject({ id: verificationId }),
    errors: [],
  }),
  'audit.verification': operation({
    ...common,
    name: 'audit.verification',
    summary: 'How far a verification of the database is, and what it has found.',
    kind: 'query',
    http: { method: 'GET', path: '/v1/audit/verifications/{id}', status: 200 },
    input: z.strictObject({ id: verificationId }),
    output: verification,
    errors: ['NOT_FOUND'],
  }),
};
