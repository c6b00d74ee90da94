import { badRequest, conflict, type ErrorDefinition, notFound } from './error-definition';

/** What is refused of the governance log and of workflows; part of the catalogue. */
export const governanceErrors = {
  WORKFLOW_UNKNOWN: {
    ...notFound,
    title: 'There is no such workflow execution.',
    fix: 'GET /v1/governance/workflows lists those that the caller may see.',
  },
  WORKFLOW_ENDED: {
    ...conflict,
    title: 'The workflow execution has ended already.',
    fix: 'An execution ends once: GET /v1/governance/workflows/{id} says how it did; start another one.',
  },
  GOVERNANCE_TIME_INVALID: {
    ...badRequest,
    title: 'The time is to come, or an end is before its start.',
    fix: 'Correct the place in `errors`, or leave the time out: then it is now.',
  },
} as const satisfies Record<string, ErrorDefinition>;
