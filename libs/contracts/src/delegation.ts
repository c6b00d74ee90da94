import { z } from 'zod';
import type { Scope } from './names';

/** `<noun>.<verb>`, or `<noun>.*` for all of a noun. */
export const operationPattern = z
  .string()
  .max(64)
  .regex(/^[a-z][A-Za-z]*\.(\*|[a-z][A-Za-z]*)$/, 'must be an operation, or <noun>.*');

/** A right that can be handed on (IAM-10). */
export interface Right {
  readonly scopes: readonly Scope[];
  /** null: every operation that can be delegated */
  readonly operations: readonly string[] | null;
  /** RFC 3339 */
  readonly expiresAt: string;
}

/** Scopes that stay with whom they were given to. */
export const delegableScopes: readonly Scope[] = ['read', 'write', 'workflows'];

/**
 * What can be done with another's right at all. Not in the list is what would outlive the delegation: credentials,
 * identities, keys, users, policies, and consents, which open a memory for as long as nobody withdraws them.
 */
const delegable: readonly string[] = [
  ...['message.*', 'inbox.*', 'memory.*', 'consent.get', 'audit.*', 'workflow.*', 'workflows.*'],
  ...['agent.get', 'agent.list', 'auth.whoami', 'auth.revoke'],
  ...['delegation.create', 'delegation.get', 'delegation.list'],
];

const covers = (outer: string, inner: string): boolean =>
  outer === inner || (outer.endsWith('.*') && inner.startsWith(outer.slice(0, -1)));

/** Whether an operation may be called with a right that comes through these delegations. */
export const isDelegated = (chain: readonly Pick<Right, 'operations'>[], operation: string): boolean =>
  delegable.some((pattern) => covers(pattern, operation)) &&
  chain.every(({ operations }) => operations?.some((pattern) => covers(pattern, operation)) ?? true);

/** Whether nothing in `inner` is beyond `outer`. */
export const isWithin = (inner: Right, outer: Right): boolean =>
  inner.scopes.every((scope) => outer.scopes.includes(scope)) &&
  areWithin(inner.operations, outer.operations) &&
  Date.parse(inner.expiresAt) <= Date.parse(outer.expiresAt);

function areWithin(inner: Right['operations'], outer: Right['operations']): boolean {
  if (outer === null) return true;
  return inner !== null && inner.every((pattern) => outer.some((wide) => covers(wide, pattern)));
}
