import { z } from 'zod';
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

/** The actor as it is written into events: `agent:<did>`, `apiKey:<id>`, `user:<id>`, `anonymous`. */
export const actorOf = (who: Principal): string =>
  who.kind === 'anonymous' ? 'anonymous' : `${who.kind}:${who.id}`;

export const hasScope = (who: Principal, needed: z.infer<typeof scope>): boolean =>
  who.scopes.includes(needed) || (who.scopes.includes('admin') && (needed === 'read' || needed === 'write'));
