import { conflict, type ErrorDefinition, forbidden, notFound } from './error-definition';

/** What is refused by policies, and of policies; part of the catalogue. */
export const policyErrors = {
  POLICY_DENIED: {
    ...forbidden,
    title: 'A policy denies this, or none allows it.',
    fix: 'Ask an administrator; POST /v1/policies/check explains which rule decided and why.',
  },
  POLICY_UNKNOWN: {
    ...notFound,
    title: 'There is no such policy.',
    fix: 'GET /v1/policies lists the policies in force.',
  },
  POLICY_TESTS_FAILED: {
    ...conflict,
    title: 'Tests beside the rules would fail, so nothing was changed.',
    fix: 'Correct the rules or the tests named in `detail`; POST /v1/policies/{id}/dry-run tries without publishing.',
  },
  POLICY_LOCKS_OUT: {
    ...conflict,
    title: 'After this change you could not change policies any more, so nothing was changed.',
    fix: 'Leave yourself policy.put, or let somebody else publish it.',
  },
  POLICY_LIMIT_REACHED: {
    ...conflict,
    title: 'The tenant has as many policies or rules as it may have.',
    fix: 'Remove a policy, or put rules together: docs/limits.md.',
  },
} as const satisfies Record<string, ErrorDefinition>;
