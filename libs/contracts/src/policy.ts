import { z } from 'zod';
import { did, scope, tenantId, timestamp } from './names';

/** Bounds of policies (IAM-6). More is refused with INPUT_INVALID when it is written, never cut off. */
export const policyLimits = Object.freeze({
  rulesPerPolicy: 200,
  testsPerPolicy: 200,
  policiesPerTenant: 100,
  /** All policies of a tenant together, so that an explanation fits into one answer. */
  rulesPerTenant: 500,
  actionsPerRule: 64,
  /** They are asked one after the other. */
  networksPerRule: 16,
  /** Entries in any other list of a rule. */
  listItems: 256,
});

/** `service` is a service of Concordat itself; programs of the operator's own call with an `apiKey`. */
export const subjectKinds = ['agent', 'user', 'apiKey', 'anonymous', 'service'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** What people may be (IAM-4). */
export const userRoles = ['user', 'admin', 'sre', 'developer', 'auditor'] as const;
/** Agents have the role `agent` and API keys `service`, by what they are and no other. */
export const policyRoles = [...userRoles, 'agent', 'service'] as const;
export type PolicyRole = (typeof policyRoles)[number];

/** How a subject may stand to a resource; what each means says `libs/policy/src/relationships.ts`. */
export const relationships = ['self', 'owner', 'controller', 'delegate'] as const;
export type Relationship = (typeof relationships)[number];

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const list = <S extends z.ZodType>(item: S, most: number = policyLimits.listItems) =>
  z.array(item).min(1).max(most);
const sentence = z.string().trim().min(1).max(512);
const identifier = z.string().min(1).max(256);
const kind = z.enum(subjectKinds);

const slug = '[a-z0-9][a-z0-9-]{0,62}';
export const ruleId = z.string().regex(new RegExp(`^${slug}$`), 'must be 1–63 of a–z, 0–9 and -');
/** Policies named `builtin-…` come with Concordat and are nobody's to write. */
export const policyId = z
  .string()
  .regex(new RegExp(`^(?!builtin-)${slug}$`), 'must be 1–63 of a–z, 0–9 and -, not beginning with builtin-');
/** A rule as decisions name it: `<policy>/<rule>`. */
export const ruleName = z.string().regex(new RegExp(`^${slug}/${slug}$`), 'must be <policy>/<rule>');

/** The name of an operation, all operations of a noun, or all: `agent.revoke`, `agent.*`, `*`. */
export const actionPattern = z
  .string()
  .regex(
    /^(\*|[a-z][A-Za-z]{0,63}\.(\*|[a-z][A-Za-z]{0,63}))$/,
    'must be an operation, all operations of a noun, or *',
  );

/** Who acted, as `actorOf` says it: `agent:did:key:z6Mk…`, `user:…`, `apiKey:…`. */
const actor = z
  .string()
  .regex(/^(agent|user|apiKey|service):[\x21-\x7e]{1,256}$/, 'must be <kind>:<id> as in events');
/** Operators define types of their own, so this is wider than the types that come with Concordat. */
const subjectType = z.string().regex(/^[\x21-\x7e]{1,64}$/);
const resourceType = z
  .string()
  .regex(/^[a-z][A-Za-z]{0,63}$/, 'must be a noun, as in the name of an operation');
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

/** What would never match is no network: addresses lose the clothes `::ffff:` before they are compared. */
const isPlainNetwork = (cidr: string): boolean =>
  !cidr.includes(':') ||
  !/^\[::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}\]$/.test(new URL(`http://[${cidr.split('/')[0]}]`).hostname);
const network = z
  .union([z.cidrv4(), z.cidrv6()])
  .refine(isPlainNetwork, 'must be written as IPv4, not as ::ffff:…');

const conditions = z.strictObject({
  tenants: list(tenantId).optional(),
  /** In UTC. From after to goes past midnight; the days are those on which it begins. */
  time: z
    .strictObject({
      days: list(z.enum(weekdays), 7).optional(),
      from: clockTime.optional(),
      to: clockTime.optional(),
    })
    .refine(({ from, to }) => (from === undefined) === (to === undefined), 'from and to need each other')
    .refine(({ from, to }) => from === undefined || from !== to, 'from and to must differ')
    .optional(),
  /** Holds from this moment on. */
  notBefore: timestamp.optional(),
  /** Holds until just before this moment. */
  notAfter: timestamp.optional(),
  /** CIDR; an IPv4 address in IPv6 clothes (`::ffff:…`) counts as IPv4. */
  networks: list(network, policyLimits.networksPerRule).optional(),
});
export type PolicyConditions = z.output<typeof conditions>;

/** Everything that is said must hold; of a list, one entry is enough. What is not said is not asked. */
const rule = z.strictObject({
  id: ruleId,
  description: sentence.optional(),
  effect: z.enum(['allow', 'deny']),
  subjects: z
    .strictObject({
      /** Left out, a rule that allows means agents, users and API keys; one that denies means everybody. */
      kinds: list(kind, subjectKinds.length).optional(),
      roles: list(z.enum(policyRoles), policyRoles.length).optional(),
      /** `admin` is also read and write, as everywhere. */
      scopes: list(scope, scope.options.length).optional(),
      ids: list(actor).optional(),
      /** Of agents: nobody else has a type, or is verified or not. */
      types: list(subjectType).optional(),
      verified: z.boolean().optional(),
    })
    .optional(),
  actions: list(actionPattern, policyLimits.actionsPerRule),
  resources: z
    .strictObject({ types: list(resourceType).optional(), ids: list(identifier).optional() })
    .optional(),
  relationship: list(z.enum(relationships), relationships.length).optional(),
  conditions: conditions.optional(),
  /** The rule is passed over where all of this holds. */
  unless: conditions
    .refine((value) => Object.values(value).some((part) => part !== undefined), 'must say something')
    .optional(),
});
export type PolicyRule = z.output<typeof rule>;

/** What a decision is made from (`POST /v1/policies/check` takes the same). */
export const policyRequest = z.strictObject({
  subject: z.strictObject({
    kind,
    /** DID, or the id of a user or key; of who holds the credential, also when it acts for another. */
    id: identifier,
    tenant: tenantId,
    /** Of users; the role of all others follows from their kind. */
    roles: z.array(z.enum(userRoles)).max(userRoles.length).default([]),
    scopes: z.array(scope).max(scope.options.length).default([]),
    /** null when unknown, or no agent */
    type: subjectType.nullable().default(null),
    verified: z.boolean().nullable().default(null),
    /** The agents for which the credential lets it act (IAM-10). */
    delegators: z.array(did).max(16).default([]),
  }),
  /** The name of an operation. */
  action: z.string().min(1).max(128),
  resource: z.strictObject({
    type: resourceType,
    /** null when the operation names no one thing, such as a list */
    id: identifier.nullable().default(null),
    tenant: tenantId,
    /** Who made it or whose it is; null when nobody's */
    owner: actor.nullable().default(null),
    /** The DIDs that control it, the nearest first. */
    controllers: z.array(did).max(64).default([]),
  }),
  context: z.strictObject({
    time: timestamp,
    /** null when unknown */
    ip: z.union([z.ipv4(), z.ipv6()]).nullable().default(null),
  }),
});
export type PolicyRequest = z.output<typeof policyRequest>;

const policyTest = z.strictObject({
  name: sentence,
  request: policyRequest,
  /** `rule` is the one that decides; null: none does. Left out, any may. */
  expect: z.strictObject({ allow: z.boolean(), rule: ruleName.nullable().optional() }),
});
export type PolicyTest = z.output<typeof policyTest>;

const isUnique = (items: readonly { readonly id: string }[]): boolean =>
  new Set(items.map(({ id }) => id)).size === items.length;

/** A policy as it is written: rules, and beside them the tests that say what they mean. */
export const policyDocument = z.strictObject({
  id: policyId,
  description: sentence,
  rules: list(rule, policyLimits.rulesPerPolicy).refine(isUnique, 'must not have two rules of one id'),
  tests: z.array(policyTest).max(policyLimits.testsPerPolicy).default([]),
});
export type PolicyDocument = z.output<typeof policyDocument>;
/** Defaults may be left out. */
export type PolicySource = z.input<typeof policyDocument>;

/** A policy as it is in force: the store counts its versions from 1. */
export const policy = policyDocument.extend({ version: z.number().int().positive() });
export type Policy = z.output<typeof policy>;

/** The JSON Schema (2020-12) of what people write; uniqueness of ids is beyond it. */
export const policyJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(policyDocument, { io: 'input' });
