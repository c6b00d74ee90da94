import { z } from 'zod';
import { did, timestamp, userId } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { apiKeyId } from './api-key';

/** What can be erased from the trail: an agent by its DID, a user or an API key as actors name them. */
export const erasableSubject = z
  .string()
  .max(256)
  .refine(isErasable, 'must be a DID, user:<id> or apiKey:<id>');

function isErasable(text: string): boolean {
  const [, kind, id] = /^(user|apiKey):(.*)$/s.exec(text) ?? [];
  return (kind === 'user' ? userId : kind === 'apiKey' ? apiKeyId : did).safeParse(id ?? text).success;
}

export const auditErasure = z.strictObject({
  /** Id of the event that ordered it. */
  orderedBy: z.string(),
  subject: z.string(),
  /** `audit`: asked for here; `iam`: it comes from the erasure of the agent or user. */
  origin: z.enum(['audit', 'iam']),
  requestedAt: timestamp,
  /** null: the order is on its way into the log, or the keys are not destroyed yet */
  erasedAt: timestamp.nullable(),
  /** Signed note under the key of the log: what was destroyed; null as above. */
  receipt: z.string().nullable(),
});
export type AuditErasure = z.infer<typeof auditErasure>;

export const auditErasureOperations = {
  'audit.erase': operation({
    name: 'audit.erase',
    service: 'audit',
    summary:
      'Erase what the trail tells of a subject by destroying its keys, for good; root and proofs stay.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/audit/erasures', status: 202 },
    input: z.strictObject({ subject: erasableSubject }),
    output: auditErasure,
    errors: ['LEGAL_HOLD_ACTIVE'],
  }),
  'audit.erasures': operation({
    name: 'audit.erasures',
    service: 'audit',
    summary: 'List what was erased from the trail, newest first, with receipts.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/audit/erasures', status: 200 },
    input: z.strictObject({ subject: z.string().max(256).optional(), ...pageInput }),
    output: page(auditErasure),
    errors: [],
  }),
};
