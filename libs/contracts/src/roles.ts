import type { Role, Scope } from './names';

/**
 * What a role may do (IAM-4), the one place where it is said: credentials of a user have the scopes of the roles that
 * the directory knows of now, whatever their tokens say. Policies may narrow this per operation, not widen it.
 */
export const roleScopes: Readonly<Record<Role, readonly Scope[]>> = Object.freeze({
  user: ['read', 'write'],
  developer: ['read', 'write', 'workflows'],
  sre: ['read', 'write'],
  auditor: ['read', 'governance'],
  admin: ['read', 'write', 'admin', 'governance', 'workflows'],
});

/** The scopes of all these roles together, each once. */
export const scopesOf = (roles: readonly Role[]): Scope[] => [
  ...new Set(roles.flatMap((role) => roleScopes[role])),
];
