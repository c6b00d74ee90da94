import { z } from 'zod';
import { jsonValue, messagePriority, messageStatus, messageType, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { eventFilter, messageFilter } from './audit-filter';

export const auditMessage = z.strictObject({
  messageId: z.string(),
  from: z.string(),
  to: z.string(),
  type: messageType,
  priority: messagePriority,
  status: messageStatus,
  correlationId: z.string().nullable(),
  replyTo: z.string().nullable(),
  /** null when the subject was erased */
  payload: jsonValue,
  timestamp,
  deliveredAt: timestamp.nullable(),
  ttlSeconds: z.number().int().nullable(),
  retryCount: z.number().int(),
  /** Why it failed or was purged; null when that is not so, or not any more. */
  error: z.string().nullable(),
});

export const auditEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  source: z.string(),
  subject: z.string().nullable(),
  actor: z.string().nullable(),
  time: timestamp,
  correlationId: z.string().nullable(),
  traceId: z.string().nullable(),
  /** null when the subject was erased */
  data: jsonValue,
  /** Index of the leaf in the Merkle log. */
  logIndex: z.number().int(),
});

/** Everything that is needed to check one event offline, given the public key of the log. */
export const inclusionBundle = z.strictObject({
  eventId: z.string(),
  logIndex: z.number().int().nonnegative(),
  treeSize: z.number().int().positive(),
  /** base64url of the leaf's bytes: canonical JSON with salted identifiers and commitments */
  leaf: z.string(),
  /** RFC 6962 audit path, base64url, from the leaf up */
  proof: z.array(z.string()),
  /** C2SP signed note */
  checkpoint: z.string(),
  /** What the leaf commits to, and the salt that opens it; null when the subject was erased. */
  disclosure: z.strictObject({ salt: z.string(), event: z.string() }).nullable(),
});
export type InclusionBundle = z.infer<typeof inclusionBundle>;

const logFile = z.strictObject({ body: z.string() });
/** A tile of a given width never changes, and the widest that there is holds all narrower ones. */
const immutable = 'public, max-age=31536000, immutable';
const tileIndex = z
  .string()
  .max(128)
  .regex(
    /^(x\d{3}\/)*\d{3}(\.p\/([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?$/,
    'must be a tile index as in C2SP tlog-tiles',
  );
const size = z.coerce.number().int().min(1);

export const auditOperations = {
  'audit.messages': operation({
    name: 'audit.messages',
    service: 'audit',
    summary: 'Search the message log. Agents see their own messages, API keys those of their tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/messages', status: 200 },
    input: z.strictObject({ ...messageFilter, ...pageInput }),
    output: page(auditMessage),
    errors: [],
    // What many have written stands side by side, as often as anybody asks: one could guess at what another wrote.
    neverCompressed: true,
  }),
  'audit.events': operation({
    name: 'audit.events',
    service: 'audit',
    summary: 'Search the events of all services. Agents see what concerns them, API keys their tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/events', status: 200 },
    input: z.strictObject({ ...eventFilter, ...pageInput }),
    output: page(auditEvent),
    errors: [],
    // As above: events tell what messages hold.
    neverCompressed: true,
  }),
  'audit.inclusionProof': operation({
    name: 'audit.inclusionProof',
    service: 'audit',
    summary: 'Prove that an event is in the log: a bundle that can be checked offline.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/audit/proofs/inclusion', status: 200 },
    input: z.strictObject({ eventId: z.string().min(1).max(128) }),
    output: inclusionBundle,
    errors: ['EVENT_UNKNOWN'],
  }),
  'audit.consistencyProof': operation({
    name: 'audit.consistencyProof',
    service: 'audit',
    summary: 'Prove that the log of one size is a prefix of the log of a later size (RFC 6962 §2.1.2).',
    kind: 'query',
    caller: 'none',
    http: { method: 'GET', path: '/v1/audit/proofs/consistency', status: 200 },
    input: z.strictObject({ from: size, to: size }),
    output: z.strictObject({ from: z.number().int(), to: z.number().int(), proof: z.array(z.string()) }),
    errors: ['TREE_SIZE_INVALID'],
  }),
  'audit.checkpoint': operation({
    name: 'audit.checkpoint',
    service: 'audit',
    summary: 'The latest signed checkpoint (C2SP tlog-checkpoint).',
    kind: 'query',
    caller: 'none',
    http: {
      method: 'GET',
      path: '/v1/audit/log/checkpoint',
      status: 200,
      mediaType: 'text/plain; charset=utf-8',
      cacheControl: 'no-cache',
    },
    input: z.strictObject({}),
    output: logFile,
    errors: [],
  }),
  'audit.key': operation({
    name: 'audit.key',
    service: 'audit',
    summary:
      'The verifier key of the log (C2SP signed-note vkey). Pin it; do not fetch it anew with every proof.',
    kind: 'query',
    caller: 'none',
    http: { method: 'GET', path: '/v1/audit/log/vkey', status: 200, mediaType: 'text/plain; charset=utf-8' },
    input: z.strictObject({}),
    output: logFile,
    errors: [],
  }),
  'audit.tile': operation({
    name: 'audit.tile',
    service: 'audit',
    summary: 'A tile of the Merkle tree, or of its entries (C2SP tlog-tiles).',
    kind: 'query',
    caller: 'none',
    http: {
      method: 'GET',
      path: '/v1/audit/log/tile/{level}/{index+}',
      status: 200,
      mediaType: 'application/octet-stream',
      cacheControl: immutable,
    },
    input: z.strictObject({
      level: z.string().regex(/^(entries|[0-9]|[1-5][0-9]|6[0-3])$/, 'must be 0–63 or "entries"'),
      index: tileIndex,
    }),
    output: logFile,
    errors: ['NOT_FOUND'],
  }),
  'audit.entries': operation({
    name: 'audit.entries',
    service: 'audit',
    summary: 'A bundle of log entries: the same file as tile/entries/{index} (C2SP tlog-tiles).',
    kind: 'query',
    caller: 'none',
    http: {
      method: 'GET',
      path: '/v1/audit/log/entries/{index+}',
      status: 200,
      mediaType: 'application/octet-stream',
      cacheControl: immutable,
    },
    input: z.strictObject({ index: tileIndex }),
    output: logFile,
    errors: ['NOT_FOUND'],
  }),
};
