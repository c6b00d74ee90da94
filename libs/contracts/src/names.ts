import { z } from 'zod';
import { limits } from './limits';

/** The four services, as they appear in stream keys, event ids and configuration. */
export const services = ['iam', 'bus', 'audit', 'vault'] as const;
export type Service = (typeof services)[number];

export const tenantId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1–63 of a–z, 0–9 and -, not beginning with -');

export const defaultTenant = 'default';

/**
 * Whom an identity belongs to: a `did:key` of an Ed25519 key (multicodec 0xed01, base58btc, hence always `z6Mk…`), or a
 * `did:web` that iam-service has made (`toDidWeb`).
 */
export const did = z
  .string()
  .regex(
    /^did:(?:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}|web:[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?(?:%3A[1-9][0-9]{0,4})?:agents:[a-z0-9][a-z0-9-]{0,62}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'must be a did:key of an Ed25519 public key (did:key:z6Mk…) or a did:web of an agent (did:web:<domain>:agents:<tenant>:<uuid>)',
  );

/** Host, and port where it is not 443, under which DID documents of managed identities are found. */
export const webDomain = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?(?::[1-9][0-9]{0,4})?$/,
    'must be a host in lower case, with :<port> where it is not 443',
  );
export const defaultWebDomain = 'localhost:7400';

/**
 * The DID of a managed identity (W3C CCG did:web method): its document is at
 * `https://<domain>/agents/<tenant>/<id>/did.json`. The colon of a port is percent-encoded.
 */
export const toDidWeb = (domain: string, tenant: string, id: string): string =>
  `did:web:${domain.replace(':', '%3A')}:agents:${tenant}:${id}`;

/**
 * What people call an agent or an API key, as new ones may be called. It stands in tables and logs, where a control
 * character or a line break would be taken for theirs.
 */
export const displayName = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must hold no control characters and no line breaks');

/** The agent types of schema v2.0 (IAM-1): every tenant has them. */
export const builtInAgentTypes = ['COPILOT', 'GEMINI', 'CLAUDE', 'CLINE', 'SERVICE'] as const;

/** One of the built-in types, or one that the operator of the tenant has defined. */
export const agentType = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]{1,31}$/,
    'must be 2–32 of A–Z, 0–9 and _, beginning with a letter: COPILOT, GEMINI, CLAUDE, CLINE, SERVICE or a type that was defined',
  );
export type AgentType = z.infer<typeof agentType>;

/** suspended: refused everywhere until it is resumed; revoked and erased are for good. */
export const agentStatus = z.enum(['active', 'suspended', 'revoked', 'erased']);
export type AgentStatus = z.infer<typeof agentStatus>;

/** What the controller of an agent is to it. */
export const relationshipType = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1–32 of a–z, 0–9 and -, beginning with a letter');

/** What a credential may do (IAM-5). `admin` covers read and write. */
export const scope = z.enum(['read', 'write', 'admin', 'governance', 'workflows']);
export type Scope = z.infer<typeof scope>;

/** What a person is to the tenant (IAM-4). */
export const role = z.enum(['user', 'admin', 'sre', 'developer', 'auditor']);
export type Role = z.infer<typeof role>;

export const userId = z.uuidv7();

export const messageType = z.enum(['COMMAND', 'QUERY', 'RESPONSE', 'EVENT', 'NOTIFICATION']);
export const messagePriority = z.enum(['URGENT', 'HIGH', 'NORMAL', 'LOW']);
/** PENDING waits in the inbox, SENT is leased to a consumer, DELIVERED was acknowledged. */
export const messageStatus = z.enum(['PENDING', 'SENT', 'DELIVERED', 'FAILED', 'EXPIRED']);
export type MessageStatus = z.infer<typeof messageStatus>;

/** Message ids name the generation and the partition of the bus that hold them: `msg-1-3-<uuidv7>`. */
export const messageId = z
  .string()
  .regex(/^msg-\d{1,6}-\d{1,4}-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

/** What a payload is: `order.created`. */
export const schemaType = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/,
    'must be words of A–Z a–z 0–9 _ - with dots between, beginning with a letter',
  )
  .max(128);

export const schemaVersion = z.coerce.number().int().min(1).max(limits.schemaVersions);

/** The schema of a payload: a version of it, or the latest one. */
export const schemaName = z
  .string()
  .max(132)
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*(?:\/[1-9]\d{0,2})?$/,
    'must be <type> or <type>/<version>',
  );

export const correlationId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1–128 visible ASCII characters');

export const topicName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'must be 1–128 of A–Z a–z 0–9 . _ -, beginning with a letter or digit',
  );
/** A group of consumers that share the messages of a topic. */
export const groupName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1–64 of A–Z a–z 0–9 . _ -, beginning with a letter or digit',
  );
export const topicAddress = z.templateLiteral(['topic:', topicName]);
/** Where a message goes: an agent, a topic, or `*`, every agent of the tenant. */
export const destination = z.union([did, topicAddress, z.literal('*')]);
/** Where messages wait: an inbox, by its DID, or a group, `topic:<name>/<group>`. */
export const queueAddress = z.union([did, z.templateLiteral(['topic:', topicName, '/', groupName])]);
/**
 * What can be watched: `topic:<name>`, the caller's own `inbox`, `inbox:<did>`, and for operators the audit feeds,
 * `feed:<source>` (`feed:bus.0`, `feed:iam`).
 */
export const streamName = z.union([
  z.literal('inbox'),
  z.templateLiteral(['inbox:', did]),
  topicAddress,
  z.templateLiteral(['feed:', z.string().regex(/^[a-z]{1,16}(?:\.(?:feed|\d{1,3}))?$/)]),
]);
/** Messages with the same key, to the same recipient, are delivered one at a time, in the order in which they could first be. */
export const orderingKey = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1–128 visible ASCII characters');

/** `If-Match`: the version that is to be changed. */
export const expectedVersion = z
  .string()
  .regex(/^"?(0|[1-9]\d{0,9})"?$/, 'must be a version, or 0 for "does not exist yet"')
  .optional();

/** @returns null when any version may be changed */
export const versionOf = (ifMatch: string | undefined): number | null =>
  ifMatch === undefined ? null : Number(ifMatch.replaceAll('"', ''));

/** RFC 3339 in UTC. */
export const timestamp = z.iso.datetime();

/** What exports of the audit trail are written as. */
export const exportFormat = z.enum(['ndjson', 'ocsf', 'ecs', 'cef']);
export type ExportFormat = z.infer<typeof exportFormat>;

/** A key of a memory: a path of visible ASCII without dots that climb. */
export const memoryKey = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._~-]{0,127}$/,
    'must be 1–128 of A–Z a–z 0–9 . _ ~ -, beginning with a letter, digit or _',
  );

/** Whose memory it is: an agent, or everyone in the tenant. */
export const persona = z.union([did, z.literal('communal')]);

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Depth and size were bounded by the strict parser, so one plain walk is enough (z.json() takes half a second for a MiB). */
function isJson(value: unknown): value is JsonValue {
  if (typeof value !== 'object' || value === null) {
    return (
      value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    );
  }
  if (Array.isArray(value)) return value.every(isJson);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson);
}

/** Any JSON value, as it came through the strict parser. */
// zod does not narrow by refine, so the type is said here.
export const jsonValue = z.unknown().refine(isJson, 'must be JSON') as z.ZodType<JsonValue, JsonValue>;
export const jsonObject = z.record(z.string(), jsonValue);
