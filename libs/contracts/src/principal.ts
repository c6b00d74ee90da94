import { z } from 'zod';
import { limits } from './limits';
import { did, role, scope, tenantId, userId } from './names';

/** Who asks, as proven at the gateway. Travels to the services inside sealed frames only. */
export const principal = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('agent'),
    tenant: tenantId,
    /** The agent's DID. */
    id: did,
    scopes: z.array(scope),
    /** `jti` of the access token. */
    tokenId: z.string(),
    /** With a delegated right: who acts, first the one who acts now, then those who passed the right on. */
    actors: z.array(did).min(1).max(limits.delegationDepth).optional(),
    /** The delegations that the right comes from, the first of the chain first. */
    delegations: z.array(z.string()).min(1).max(limits.delegationDepth).optional(),
  }),
  z.strictObject({
    kind: z.literal('apiKey'),
    tenant: tenantId,
    /** Id of the key. */
    id: z.string(),
    scopes: z.array(scope),
  }),
  z.strictObject({
    kind: z.literal('user'),
    tenant: tenantId,
    id: userId,
    roles: z.array(role).min(1),
    scopes: z.array(scope),
    /** `jti` of the access token. */
    tokenId: z.string(),
    sessionId: z.string(),
  }),
  z.strictObject({
    kind: z.literal('anonymous'),
    tenant: tenantId,
    id: z.literal('anonymous'),
    scopes: z.array(scope).max(0),
  }),
]);
export type Principal = z.infer<typeof principal>;

export const anonymous = (tenant: string): Principal => ({
  kind: 'anonymous',
  tenant,
  id: 'anonymous',
  scopes: [],
});

/**
 * The actor as it is written into events: `agent:<did>`, `apiKey:<id>`, `user:<id>`, `anonymous`; with a delegated right
 * `agent:<who acts> for agent:<whose right it is>`.
 */
export function actorOf(who: Principal): string {
  if (who.kind === 'anonymous') return 'anonymous';
  const owner = `${who.kind}:${who.id}`;
  return who.kind === 'agent' && who.actors ? `agent:${who.actors[0]} for ${owner}` : owner;
}

export const hasScope = (who: Principal, needed: z.infer<typeof scope>): boolean =>
  who.scopes.includes(needed) || (who.scopes.includes('admin') && (needed === 'read' || needed === 'write'));
