import { conflict, type ErrorDefinition, notFound } from './error-definition';

const tooMany = { status: 429, grpc: 'RESOURCE_EXHAUSTED', retryAfterSeconds: 1 } as const;

/** Codes about rate limits and quotas: a part of the catalogue of errors. */
export const limitErrors = {
  RATE_LIMITED: {
    ...tooMany,
    title: 'Too many requests.',
    fix: 'Send again after the time in `Retry-After`, and more slowly; an administrator can set another limit: PUT /v1/limits/{kind}/{id}.',
  },
  QUOTA_EXCEEDED: {
    ...tooMany,
    title: 'Too many messages.',
    fix: 'Send again after the time in `Retry-After`; an administrator can set another quota: PUT /v1/limits/{kind}/{id}.',
  },
  LIMIT_UNKNOWN: {
    ...notFound,
    title: 'No limit is set for this subject.',
    fix: 'Check kind and id; GET /v1/limits lists the limits that are set. Without one the defaults of the gateways hold.',
  },
  LIMIT_SETTINGS_FULL: {
    ...conflict,
    title: 'The tenant has as many limits as it can have.',
    fix: 'Delete limits that are not needed any more: GET /v1/limits, DELETE /v1/limits/{kind}/{id}.',
  },
} as const satisfies Record<string, ErrorDefinition>;
