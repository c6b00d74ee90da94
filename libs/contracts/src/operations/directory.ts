import { z } from 'zod';
import { algorithmValue, publicKeys } from '../keys';
import { agentStatus, agentType, did, role, scope, tenantId, timestamp, userId } from '../names';
import { operation } from '../operation';
import { positionSchema } from '../position';

/** What a gateway must know of an agent to let it in or keep it out. */
export const directoryAgent = z.strictObject({
  kind: z.literal('agent'),
  tenant: tenantId,
  did,
  type: agentType,
  status: agentStatus,
  publicKeys,
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

export const directoryUser = z.strictObject({
  kind: z.literal('user'),
  tenant: tenantId,
  id: userId,
  status: z.enum(['active', 'disabled', 'erased']),
  roles: z.array(role),
  /** Sessions opened before have ended: the user was disabled or got another password then. */
  sessionsSince: positionSchema,
});

/** A session that ended before its time. One of which nothing is said is as good as its tokens. */
export const directorySession = z.strictObject({
  kind: z.literal('session'),
  tenant: tenantId,
  id: z.uuidv7(),
  endedAt: timestamp,
});

export const directoryEntry = z.discriminatedUnion('kind', [
  directoryAgent,
  directoryApiKey,
  directorySigningKey,
  directoryUser,
  directorySession,
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
