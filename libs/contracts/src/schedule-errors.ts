import { badRequest, conflict, type ErrorDefinition, notFound } from './error-definition';

/** What is refused of schedules; part of the catalogue. */
export const scheduleErrors = {
  SCHEDULE_TIME_INVALID: {
    ...badRequest,
    title: 'The schedule has no time at which it could fire.',
    fix: 'Correct the place in `errors`: a time to come within a year, an IANA time zone, or five cron fields: minute, hour, day of month, month, day of week.',
  },
  SCHEDULE_UNKNOWN: {
    ...notFound,
    title: 'There is no such schedule.',
    fix: 'GET /v1/schedules lists your schedules; one that has fired for the last time is gone, and the audit trail has it.',
  },
  SCHEDULES_FULL: {
    ...conflict,
    title: 'There are as many schedules, or bytes of them, as there may be.',
    fix: 'Delete schedules that are not needed any more: GET /v1/schedules, DELETE /v1/schedules/{id}; docs/limits.md.',
  },
} as const satisfies Record<string, ErrorDefinition>;
