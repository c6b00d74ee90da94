import type { PolicyRequest, PolicyRule, PolicyTest } from '@concordat/contracts';
import type { Policy } from '@concordat/contracts';

/** A policy that comes with Concordat: read like any other, written by nobody. */
export const builtin = (
  id: `builtin-${string}`,
  description: string,
  rules: readonly PolicyRule[],
  tests: readonly PolicyTest[],
): Policy => deepFreeze({ id, version: 1, description, rules: [...rules], tests: [...tests] });

/** A request for the tests beside the rules: in the tenant `default`, at noon, by nobody in particular. */
export const request = (
  action: string,
  subject: Partial<PolicyRequest['subject']>,
  resource: Partial<PolicyRequest['resource']> = {},
): PolicyRequest => ({
  subject: {
    ...{ kind: 'anonymous', id: 'somebody', tenant: 'default', roles: [], scopes: [] },
    ...{ type: null, verified: null, delegators: [] },
    ...subject,
  },
  action,
  resource: {
    ...{ type: action.slice(0, action.indexOf('.')), id: null, tenant: 'default' },
    ...{ owner: null, controllers: [] },
    ...resource,
  },
  context: { time: '2026-01-01T12:00:00Z', ip: null },
});

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
