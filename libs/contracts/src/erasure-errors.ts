import { conflict, type ErrorDefinition } from './error-definition';

/** Codes about erasures from the audit trail: a part of the catalogue of errors. */
export const erasureErrors = {
  LEGAL_HOLD_ACTIVE: {
    ...conflict,
    title: 'A legal hold keeps what was to be erased.',
    fix: 'Wait for the hold to be lifted, or lift it: GET /v1/audit/legal-holds lists those that are in force.',
  },
} as const satisfies Record<string, ErrorDefinition>;
