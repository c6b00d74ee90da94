import { z } from 'zod';
import { messageType, timestamp } from '../names';
import { operation } from '../operation';

/** A value of payloads that messages can be searched by. */
export const auditLabel = z.strictObject({
  messageType,
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/, 'must be 1–32 of A–Z a–z 0–9 _, beginning with a letter'),
  /** Where it stands in the payload: a JSON pointer (RFC 6901). */
  pointer: z
    .string()
    .max(256)
    .regex(/^(?:\/(?:[^~/]|~[01])*){1,16}$/, 'must be a JSON pointer: /order/id'),
});
export type AuditLabel = z.infer<typeof auditLabel>;

const labels = z
  .array(auditLabel)
  .max(64)
  .refine(
    (all) => new Set(all.map(({ messageType: type, name }) => `${type} ${name}`)).size === all.length,
    'must name each label of a message type once',
  );

export const auditLabelOperations = {
  'audit.labels': operation({
    name: 'audit.labels',
    service: 'audit',
    summary: 'The labels that messages of the tenant can be searched by.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/labels', status: 200 },
    input: z.strictObject({}),
    output: z.strictObject({ labels: z.array(auditLabel), updatedAt: timestamp.nullable() }),
    errors: [],
  }),
  'audit.setLabels': operation({
    name: 'audit.setLabels',
    service: 'audit',
    summary:
      'Declare which values of payloads messages can be searched by, instead of those declared before. They are kept in clear: declare nothing personal or secret. In force a second later, for messages that come then.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/audit/labels', status: 200 },
    input: z.strictObject({ labels }),
    output: z.strictObject({ count: z.number().int().nonnegative(), updatedAt: timestamp }),
    errors: [],
  }),
};
