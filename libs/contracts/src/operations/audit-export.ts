import { z } from 'zod';
import { correlationId, did, exportFormat, timestamp, userId } from '../names';
import { operation } from '../operation';

/** Of which the lines of a stream are made; each ends with a newline. */
const lines = z.strictObject({ lines: z.string() });
const jsonLines = 'application/x-ndjson';
const text = 'text/plain; charset=utf-8';

/** Of whom everything can be asked: an agent, a user, an API key. */
export const dataSubject = z.union([
  did,
  z.templateLiteral(['user:', userId]),
  z.templateLiteral(['apiKey:', z.string().regex(/^[A-Za-z0-9-]{1,64}$/)]),
]);

/** Which events are meant. */
const eventFilter = {
  type: z.string().max(128).optional(),
  subject: z.string().max(256).optional(),
  /** Who did it, or with whose right it was done. */
  actor: z.string().max(256).optional(),
  correlationId: correlationId.optional(),
};

/** Size of an older checkpoint, which the export is to prove its log to continue. */
const since = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional();

export const auditExportOperations = {
  'audit.export': operation({
    name: 'audit.export',
    service: 'audit',
    summary:
      'Export events in the order of the log, with all that proves them and that none is missing; see docs/audit-exports.md.',
    kind: 'stream',
    caller: 'credential',
    scope: 'read',
    http: {
      ...{ method: 'GET', path: '/v1/audit/export', status: 200 },
      lines: { mediaTypes: [jsonLines, text], of: ({ format }) => (format === 'cef' ? text : jsonLines) },
    },
    input: z.strictObject({
      format: exportFormat.default('ndjson'),
      from: timestamp.optional(),
      to: timestamp.optional(),
      ...eventFilter,
      since,
    }),
    output: lines,
    errors: ['NOT_FOUND', 'TREE_SIZE_INVALID'],
  }),
  'audit.subjectExport': operation({
    name: 'audit.subjectExport',
    service: 'audit',
    summary:
      'Export all that is known of one: events about or by it, messages from and to it. Agents and users of themselves, overseers of anybody.',
    kind: 'stream',
    caller: 'credential',
    scope: 'read',
    http: {
      ...{ method: 'GET', path: '/v1/audit/subjects/{subject}/export', status: 200 },
      lines: { mediaTypes: [jsonLines], of: () => jsonLines },
    },
    input: z.strictObject({ subject: dataSubject, since }),
    output: lines,
    errors: ['NOT_FOUND', 'TREE_SIZE_INVALID'],
  }),
};
