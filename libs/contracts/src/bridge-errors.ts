import { badRequest, conflict, type ErrorDefinition, notFound } from './error-definition';

/** Codes about agents that speak Redis Streams: a part of the catalogue of errors. */
export const bridgeErrors = {
  BRIDGE_UNAVAILABLE: {
    // Nothing that time mends: so no 503.
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The bridge to Redis Streams is off, or may not make users.',
    fix: 'Set CONCORDAT_BRIDGE_REDIS_URL of the gateways to the durable Redis, with a user that may `ACL SETUSER` and `ACL DELUSER`; `CONCORDAT_BRIDGE=on ./concordat up` makes one.',
  },
  BRIDGE_UNKNOWN: {
    ...notFound,
    title: 'The agent has no bridge.',
    fix: 'Check the DID; GET /v1/bridges lists the bridges, PUT /v1/bridges/{did} makes one.',
  },
  BRIDGES_FULL: {
    ...conflict,
    title: 'The tenant has as many bridges as it can have.',
    fix: 'Delete one that is not needed any more: DELETE /v1/bridges/{did}; docs/limits.md has the bound (`bridges`).',
  },
  BRIDGE_SENDER_FORGED: {
    ...badRequest,
    title: 'The entry names another sender than the agent whose stream it is in.',
    fix: 'Leave `sender` out, or write the DID of the agent itself.',
  },
} as const satisfies Record<string, ErrorDefinition>;
