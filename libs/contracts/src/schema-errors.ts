import { badRequest, conflict, type ErrorDefinition, notFound } from './error-definition';

/** What is refused of schemas, and of payloads that must satisfy them; part of the catalogue. */
export const schemaErrors = {
  SCHEMA_INVALID: {
    ...badRequest,
    title: 'The schema cannot be used.',
    fix: 'Correct the place in `errors`: JSON Schema 2020-12 without remote references and recursion, or a .proto text without imports (docs/adr/0019).',
  },
  SCHEMA_UNKNOWN: {
    ...notFound,
    title: 'There is no such schema, or no such version of it.',
    fix: 'GET /v1/schemas lists the schemas and their latest versions.',
  },
  SCHEMA_VERSION_TAKEN: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'This version of the schema is another one.',
    fix: 'A version stays as it is; register the next one.',
  },
  SCHEMA_VERSION_SKIPPED: {
    ...conflict,
    title: 'The version does not follow the latest one.',
    fix: 'Versions are 1, 2, 3 …; register the one named in `detail`.',
  },
  SCHEMA_INCOMPATIBLE: {
    ...conflict,
    title: 'Payloads of the version before may be refused by this one.',
    fix: 'Loosen the place in `errors`, or register with `"compatibility": "none"` once every reader and sender can take the change.',
  },
  SCHEMA_LIMIT_REACHED: {
    ...conflict,
    title: 'The tenant has as many schemas, versions or bytes of them as it may have.',
    fix: 'Use the schemas that are there: docs/limits.md.',
  },
  PAYLOAD_INVALID: {
    ...badRequest,
    title: 'The payload does not satisfy its schema.',
    fix: 'Correct the places in `errors`; GET /v1/schemas/{type}/{version} shows the schema.',
  },
} as const satisfies Record<string, ErrorDefinition>;
