import {
  did,
  limits,
  parsePosition,
  type Position,
  role,
  scope,
  tenantId,
  userId,
} from '@concordat/contracts';
import { z } from 'zod';
import type { VerifiedToken } from './access-token';

const scopes = z
  .string()
  .transform((text) => text.split(' ').filter((part) => part !== ''))
  .pipe(z.array(scope));

const position = z.string().transform((text, context): Position => {
  const parsed = parsePosition(text);
  if (parsed) return parsed;
  context.addIssue('is no position');
  return z.NEVER;
});

const thumbprint = z.strictObject({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** `act` of RFC 8693 §4.1: who acts, and inside who passed the right on. Bounded by hand, for zod recurses without end. */
const actors = z.unknown().transform((act, context): string[] => {
  const found: string[] = [];
  const level = z.strictObject({ sub: did, act: z.unknown().optional() });
  for (let rest = act; rest !== undefined;) {
    const parsed = level.safeParse(rest);
    if (!parsed.success || found.length === limits.delegationDepth) {
      context.addIssue('is no chain of actors');
      return z.NEVER;
    }
    found.push(parsed.data.sub);
    rest = parsed.data.act;
  }
  return found;
});

const absent = z.undefined().optional();

const common = {
  jti: z.string().min(1).max(64),
  iat: z.number().int(),
  exp: z.number().int(),
  tenant: tenantId,
  scope: scopes,
  iam_position: position,
  /** Says that every request must prove the key of `cnf` (RFC 9449). */
  token_type: z.literal('DPoP').optional(),
};

const agentClaims = z.object({
  ...common,
  sub: did,
  roles: z.tuple([z.literal('agent')]),
  cnf: thumbprint,
  sid: absent,
  act: actors.optional(),
  delegations: z.array(z.string().min(1).max(64)).min(1).max(limits.delegationDepth).optional(),
});

const userClaims = z.object({
  ...common,
  sub: userId,
  roles: z.array(role).min(1).max(role.options.length),
  sid: z.string().min(1).max(64),
  cnf: thumbprint.optional(),
  act: absent,
  delegations: absent,
});

const claims = z.union([agentClaims, userClaims]).refine(
  // A right that is not one's own comes with both or not at all, link for link, and with proof.
  ({ act = [], delegations = [], token_type }) =>
    act.length === delegations.length && (act.length === 0 || token_type !== undefined),
);

/** What our claims say, once signature, issuer, audience and times are checked. @throws ZodError */
export function readClaims(payload: unknown): Omit<VerifiedToken, 'keyId'> {
  const read = claims.parse(payload);
  const common = { tenant: read.tenant, id: read.sub, scopes: read.scope, tokenId: read.jti };
  const delegated = read.delegations && { actors: read.act, delegations: read.delegations };
  return {
    principal:
      read.sid === undefined
        ? { kind: 'agent', ...common, ...delegated }
        : { kind: 'user', ...common, roles: read.roles, sessionId: read.sid },
    keyThumbprint: read.cnf?.jkt,
    needsProof: read.token_type !== undefined,
    position: read.iam_position,
    issuedAtMs: read.iat * 1_000,
    expiresAtMs: read.exp * 1_000,
  };
}
