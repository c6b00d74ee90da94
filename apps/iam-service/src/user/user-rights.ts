import { ConcordatError, hasScope, type Principal, type Role, scopesOf } from '@concordat/contracts';

export const isSelf = (principal: Principal, userId: string): boolean =>
  principal.kind === 'user' && principal.id === userId;

/**
 * Nobody gives a role whose scopes he does not have, nor lays hand on a user who may do more than he: who sets another
 * one's password is that other one.
 * @throws ConcordatError SCOPE_MISSING
 */
export function requireReach(principal: Principal, roles: readonly Role[]): void {
  const beyond = scopesOf(roles).find((scope) => !hasScope(principal, scope));
  if (beyond)
    throw new ConcordatError(
      'SCOPE_MISSING',
      `A role with the scope ${beyond} is beyond who does not have it.`,
    );
}

/** One may lay down a role of one's own, not take one up. @throws ConcordatError SCOPE_MISSING */
export function requireNoSelfPromotion(
  principal: Principal,
  user: { readonly id: string; readonly roles: readonly Role[] },
  roles: readonly Role[],
): void {
  if (isSelf(principal, user.id) && roles.some((role) => !user.roles.includes(role)))
    throw new ConcordatError('SCOPE_MISSING', 'Nobody gives a role to oneself.');
}
