import { conflict, type ErrorDefinition, notFound } from './error-definition';

/** What is refused of retention and legal holds; part of the catalogue. */
export const retentionErrors = {
  HOLD_UNKNOWN: {
    ...notFound,
    title: 'There is no such legal hold.',
    fix: 'GET /v1/audit/legal-holds lists the legal holds of your tenant, also those that were released.',
  },
  HOLDS_FULL: {
    ...conflict,
    title: 'There are as many active legal holds as there may be.',
    fix: 'Release holds that are not needed any more, or place one that covers more: DELETE /v1/audit/legal-holds/{id}; docs/limits.md.',
  },
} as const satisfies Record<string, ErrorDefinition>;
