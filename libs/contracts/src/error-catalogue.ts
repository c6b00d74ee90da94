import { agentErrors } from './agent-errors';
import { bridgeErrors } from './bridge-errors';
import { busErrors } from './bus-errors';
import { cloudEventErrors } from './cloud-event/cloud-event-errors';
import { contentErrors } from './content-errors';
import {
  badRequest,
  conflict,
  define,
  type ErrorDefinition,
  forbidden,
  notFound,
  unauthenticated,
  unavailable,
} from './error-definition';
import { governanceErrors } from './governance-errors';
import { erasureErrors } from './erasure-errors';
import { limitErrors } from './limit-errors';
import { peopleErrors } from './people-errors';
import { policyErrors } from './policy-errors';
import { retentionErrors } from './retention-errors';
import { scheduleErrors } from './schedule-errors';
import { schemaErrors } from './schema-errors';
import { streamErrors } from './stream-errors';
import { witnessErrors } from './witness-errors';

export type { ErrorDefinition } from './error-definition';

/** Every code that a caller can meet; docs/errors.md is generated from this table and tested against it. */
export const errorCatalogue = define({
  INPUT_INVALID: {
    ...badRequest,
    title: 'The input does not match the schema of the operation.',
    fix: 'Correct the fields listed in `errors`; GET /openapi.json holds the schema.',
  },
  JSON_MALFORMED: {
    ...badRequest,
    title: 'The body is not well-formed JSON.',
    fix: 'Send one JSON value in UTF-8 (RFC 8259).',
  },
  JSON_TOO_DEEP: {
    ...badRequest,
    title: 'The JSON is nested too deeply.',
    fix: 'Flatten the value to at most 32 levels.',
  },
  JSON_DUPLICATE_KEY: {
    ...badRequest,
    title: 'An object repeats a key.',
    fix: 'Send every key once; readers disagree about which of two values counts.',
  },
  JSON_FORBIDDEN_KEY: {
    ...badRequest,
    title: 'An object holds a key that is not accepted.',
    fix: 'Rename the key; `__proto__` can change the prototype of an object in JavaScript readers.',
  },
  JSON_NUMBER_UNSAFE: {
    ...badRequest,
    title: 'A number cannot be represented exactly.',
    fix: 'Send integers beyond ±(2^53 − 1) and numbers beyond the range of a double as strings.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The body is too large.',
    fix: 'Send at most 1 MiB of JSON, counted before it is compressed, and 16 KiB where no credential is asked for; split the content or store it elsewhere and send a reference.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    grpc: 'INVALID_ARGUMENT',
    title: 'The media type of the body is not supported.',
    fix: 'Send `Content-Type: application/json`.',
  },
  ...contentErrors,
  ...cloudEventErrors,
  ROUTE_UNKNOWN: {
    status: 404,
    grpc: 'UNIMPLEMENTED',
    title: 'There is no such route.',
    fix: 'GET /openapi.json lists every route.',
  },
  CREDENTIAL_MISSING: {
    ...unauthenticated,
    title: 'The request carries no credential.',
    fix: 'Send `Authorization: Bearer <access token>` or `Authorization: ApiKey <key>`.',
  },
  CREDENTIAL_INVALID: {
    ...unauthenticated,
    title: 'The credential is not valid.',
    fix: 'Get a new access token (POST /v1/auth/challenge, then /v1/auth/token), or check the API key; it may have been revoked.',
  },
  TOKEN_EXPIRED: {
    ...unauthenticated,
    title: 'The access token has expired.',
    fix: 'Get a new access token: POST /v1/auth/challenge, then /v1/auth/token.',
  },
  CHALLENGE_INVALID: {
    ...unauthenticated,
    title: 'The challenge was not issued here.',
    fix: 'Ask for a challenge with POST /v1/auth/challenge and send its `challengeId` unchanged.',
  },
  CHALLENGE_EXPIRED: {
    ...unauthenticated,
    title: 'The challenge has expired.',
    fix: 'Ask for a new challenge and sign it within its lifetime.',
  },
  CHALLENGE_ALREADY_USED: {
    ...unauthenticated,
    title: 'The challenge was used before.',
    fix: 'Every challenge is good for one token; ask for a new one.',
  },
  HANDSHAKE_REFUSED: {
    ...unauthenticated,
    title: 'The handshake was refused.',
    fix: 'Check that the agent is registered and active in this tenant, and sign the exact text of `challenge` with its current key.',
  },
  PROOF_INVALID: {
    ...unauthenticated,
    title: 'The proof of the key of the token is missing or not valid.',
    fix: 'Send `Authorization: DPoP <token>` with a new `DPoP` proof for this very request (RFC 9449), signed with the key of the token.',
  },
  ...peopleErrors,
  ...streamErrors,
  ...witnessErrors,
  SCOPE_MISSING: {
    ...forbidden,
    title: 'The credential lacks the scope of this operation.',
    fix: 'Use a credential that has the scope named in `detail`.',
  },
  ...policyErrors,
  AGENT_REQUIRED: {
    ...forbidden,
    title: 'Only an agent can do this.',
    fix: 'Authenticate as an agent (POST /v1/auth/challenge); an API key has no inbox and no memory of its own.',
  },
  DELEGATION_FORBIDDEN: {
    ...forbidden,
    title: 'This cannot be done with the right of another.',
    fix: 'Use the own token of the agent; GET /v1/delegations/{id} says what was delegated.',
  },
  DELEGATION_TOO_WIDE: {
    ...forbidden,
    title: 'Nobody hands on more than he has.',
    fix: 'Ask for fewer scopes or operations, a shorter time, or fewer links; only the scopes read, write and workflows can be delegated.',
  },
  CONSENT_REQUIRED: {
    ...forbidden,
    title: 'This memory belongs to another persona, and there is no consent.',
    fix: 'Ask the persona to grant it: PUT /v1/vault/{persona}/consents/{grantee}.',
  },
  NOT_FOUND: {
    ...notFound,
    title: 'There is no such thing, or it is not yours to see.',
    fix: 'Check the id and the tenant of the credential.',
  },
  AGENT_UNKNOWN: {
    ...notFound,
    title: 'There is no such agent.',
    fix: 'Check the DID and the tenant of the credential; GET /v1/agents lists the agents.',
  },
  MEMORY_UNKNOWN: {
    ...notFound,
    title: 'There is no such memory.',
    fix: 'Check the persona and the key.',
  },
  CONSENT_UNKNOWN: {
    ...notFound,
    title: 'There is no such consent.',
    fix: 'Check the persona and the grantee.',
  },
  API_KEY_UNKNOWN: {
    ...notFound,
    title: 'There is no such API key.',
    fix: 'Check the id; it is the part of the key after `cck_`.',
  },
  DELEGATION_UNKNOWN: {
    ...notFound,
    title: 'There is no such delegation, or it has ended.',
    fix: 'Check the id; GET /v1/delegations lists those that the caller is part of.',
  },
  EVENT_UNKNOWN: {
    ...notFound,
    title: 'There is no such event in the audit log.',
    fix: 'Check the event id; an event appears within a second of its commit.',
  },
  DID_KEY_MISMATCH: {
    ...badRequest,
    title: 'The DID does not belong to the public key.',
    fix: 'Leave `did` out, or send the did:key of the very key in `publicKey`.',
  },
  PUBLIC_KEY_UNSAFE: {
    ...badRequest,
    title: 'The public key is not a safe Ed25519 key.',
    fix: 'Send a freshly generated key; keys of small order, off the curve, or in a non-canonical encoding are refused.',
  },
  TREE_SIZE_INVALID: {
    ...badRequest,
    title: 'The tree sizes are not in order, or beyond the latest checkpoint.',
    fix: 'Use 0 < from ≤ to ≤ the size of GET /v1/audit/log/checkpoint.',
  },
  AGENT_ALREADY_REGISTERED: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The agent is already registered.',
    fix: 'Use the existing identity (GET /v1/agents/{did}), or register another key.',
  },
  AGENT_REVOKED: {
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The agent is revoked.',
    fix: 'A revoked identity stays revoked; register a new key.',
  },
  ...agentErrors,
  ...busErrors,
  ...bridgeErrors,
  VERSION_CONFLICT: {
    ...conflict,
    title: 'Somebody else changed it at the same time.',
    fix: 'Read it again and repeat the change.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    grpc: 'FAILED_PRECONDITION',
    title: 'The version is not the expected one.',
    fix: 'Read it again and send the current version in `If-Match`.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The idempotency key was used for another request.',
    fix: 'Send a new `Idempotency-Key` with a new request; repeat a request unchanged.',
  },
  SECRET_ALREADY_SHOWN: {
    ...conflict,
    title: 'The request succeeded before; its secret was shown then and is not kept.',
    fix: 'If the first answer was lost, revoke what it created and make a new one.',
  },
  ...erasureErrors,
  ...limitErrors,
  ...schemaErrors,
  ...scheduleErrors,
  ...governanceErrors,
  ...retentionErrors,
  OVERLOADED: {
    ...unavailable,
    title: 'A queue of the system is full.',
    fix: 'Send again after the time in `Retry-After`.',
  },
  SERVICE_UNAVAILABLE: {
    ...unavailable,
    title: 'A part of the system does not answer.',
    fix: 'Send again after the time in `Retry-After`; GET /health/ready names the part.',
  },
  DIRECTORY_STALE: {
    ...unavailable,
    title: 'The gateway cannot tell whether credentials were revoked.',
    fix: 'Send again after the time in `Retry-After`; the gateway refuses until iam-service is heard again.',
  },
  POSITION_NOT_REACHED: {
    ...unavailable,
    title: 'The state asked for by `Concordat-Min-Position` is not there yet.',
    fix: 'Send again after the time in `Retry-After`.',
  },
  COMMAND_EXPIRED: {
    ...unavailable,
    title: 'The command came too late and was not run.',
    fix: 'Send it again with the same `Idempotency-Key`.',
  },
  STORE_REGRESSED: {
    ...unavailable,
    retryAfterSeconds: 30,
    title: 'The store is damaged, or older than what it has published.',
    fix: 'An operator has to recover it; the log of the service names what is missing, and for iam and vault the command.',
  },
  MEMORY_DAMAGED: {
    status: 500,
    grpc: 'INTERNAL',
    title: 'The memory cannot be read: it was damaged where it is stored.',
    fix: 'Write it anew, or have it restored; the log of the service names the record.',
  },
  INTERNAL: {
    status: 500,
    grpc: 'INTERNAL',
    title: 'The system failed in a way it should not.',
    fix: 'Report it with the `traceId`; the log of the service has the cause.',
  },
});

export type ErrorCode = keyof typeof errorCatalogue;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCatalogue, code);

export const errorDefinition = (code: ErrorCode): ErrorDefinition => errorCatalogue[code];
