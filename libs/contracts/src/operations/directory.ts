import { z } from 'zod';
import { operationPattern } from '../delegation';
import { algorithmValue, publicKeys } from '../keys';
import { agentStatus, agentType, did, role, scope, tenantId, timestamp, userId } from '../names';
import { operation } from '../operation';
import { policy, policyId } from '../policy';
import { positionSchema } from '../position';

/** What a gateway must know of an agent to let it in or keep it out. */
export const directoryAgent = z.strictObject({
  kind: z.literal('agent'),
  tenant: tenantId,
  did,
  type: agentType,
  status: agentStatus,
  /** Those that count now. */
  publicKeys,
  verified: z.boolean(),
  controllerDid: did.nullable(),
  /** The actor that registered it. */
  registeredBy: z.string().nullable(),
  relationshipType: z.string(),
});

export const directoryApiKey = z.strictObject({
  kind: z.literal('apiKey'),
  tenant: tenantId,
  id: z.string(),
  /** SHA-256 of the whole key, base64url */
  hash: z.string(),
  scopes: z.array(scope),
  status: z.enum(['active', 'revoked']),
  expiresAt: timestamp.nullable(),
});

export const directorySigningKey = z.strictObject({
  kind: z.literal('signingKey'),
  publicKey: algorithmValue,
  activatedAt: timestamp,
});

export const directoryPolicy = z.strictObject({
  kind: z.literal('policy'),
  tenant: tenantId,
  id: policyId,
  /** null: out of force */
  policy: policy.nullable(),
});

/** What was taken away of credentials that are not kept: a token, a session, everything before a time. */
export const directoryWithdrawal = z.strictObject({
  kind: z.literal('withdrawal'),
  tenant: tenantId,
  /** `token:<jti>`, `session:<sid>`, `before:<subject>` */
  name: z.string(),
  /** of the event: `before` concerns tokens that are not younger */
  position: positionSchema,
  until: timestamp,
});

/** Only while it is active: what is not there gives no right. */
export const directoryDelegation = z.strictObject({
  kind: z.literal('delegation'),
  tenant: tenantId,
  id: z.string(),
  owner: did,
  to: did,
  parent: z.string().nullable(),
  operations: z.array(operationPattern).nullable(),
  expiresAt: timestamp,
});

export const directoryUser = z.strictObject({
  kind: z.literal('user'),
  tenant: tenantId,
  id: userId,
  status: z.enum(['active', 'disabled', 'erased']),
  roles: z.array(role),
  /** Sessions opened before have ended: the user was disabled or got another password then. */
  sessionsSince: positionSchema,
});

export const directoryEntry = z.discriminatedUnion('kind', [
  directoryAgent,
  directoryApiKey,
  directorySigningKey,
  directoryPolicy,
  directoryWithdrawal,
  directoryDelegation,
  directoryUser,
]);
export type DirectoryEntry = z.infer<typeof directoryEntry>;

export const directoryOperations = {
  'directory.snapshot': operation({
    name: 'directory.snapshot',
    service: 'iam',
    summary: 'One chunk of the directory that gateways decide from, stamped with a position to go on from.',
    kind: 'query',
    caller: 'gateway',
    input: z.strictObject({ cursor: z.string().max(1_024).optional() }),
    output: z.strictObject({
      /** Events after this position, applied again, bring every chunk read since up to date. */
      position: positionSchema,
      /** Each with the position of the event that last changed it. */
      items: z.array(z.strictObject({ at: positionSchema, entry: directoryEntry })),
      nextCursor: z.string().nullable(),
    }),
    errors: [],
  }),
};
