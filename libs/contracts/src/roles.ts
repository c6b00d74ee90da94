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

/**
 * What an agent may do with a token of its own: everything but what is for administrators. What it puts on record is about
 * itself; to read and import the records of others is not among what policies let agents do.
 */
export const agentScopes: readonly Scope[] = Object.freeze([
  'read',
  'write',
  'governance',
  'workflows',
] as const);

/** The scopes of all these roles together, each once. */
export const scopesOf = (roles: readonly Role[]): Scope[] => [
  ...new Set(roles.flatMap((role) => roleScopes[role])),
];
