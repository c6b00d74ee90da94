import type { ErrorDefinition } from './error-catalogue';

const unauthenticated = { status: 401, grpc: 'UNAUTHENTICATED' } as const;
const notFound = { status: 404, grpc: 'NOT_FOUND' } as const;
const failedPrecondition = { status: 409, grpc: 'FAILED_PRECONDITION' } as const;

/** Codes about users, their sessions and their keys: a part of the catalogue of errors. */
export const peopleErrors = {
  LOGIN_REFUSED: {
    ...unauthenticated,
    title: 'The login was refused.',
    fix: 'Check tenant, email address and password. After several wrong passwords every login of the user is refused for a while; an administrator can unlock it or set another password.',
  },
  REFRESH_REFUSED: {
    ...unauthenticated,
    title: 'The refresh token is not good any more.',
    fix: 'Log in again: POST /v1/auth/login. A refresh token is traded once; one that comes a second time ends its session.',
  },
  PASSWORD_WRONG: {
    status: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The current password is not right.',
    fix: 'Send the current password in `currentPassword`; after several wrong ones wait, or ask an administrator for a new password.',
  },
  LOGIN_THROTTLED: {
    status: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryAfterSeconds: 15,
    title: 'Too many logins from this address have failed.',
    fix: 'Try again after the time in `Retry-After`.',
  },
  USER_UNKNOWN: {
    ...notFound,
    title: 'There is no such user.',
    fix: 'Check the id and the tenant of the credential; GET /v1/users lists the users, for administrators.',
  },
  SESSION_UNKNOWN: {
    ...notFound,
    title: 'There is no such session.',
    fix: 'Check the id; GET /v1/sessions lists your sessions.',
  },
  API_KEY_ENDED: {
    ...failedPrecondition,
    title: 'The API key is revoked, expired or replaced already.',
    fix: 'Rotate the key that replaces it (`rotatedTo`), or create a new one.',
  },
  EMAIL_TAKEN: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'Another user of the tenant has this email address.',
    fix: 'Use the existing user (GET /v1/users?email=…), or another address.',
  },
  USER_ERASED: {
    ...failedPrecondition,
    title: 'The user is erased.',
    fix: 'An erased user stays erased; create a new one.',
  },
  PASSWORD_UNACCEPTABLE: {
    status: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The password is too easy to guess, too short or too long.',
    fix: 'Choose at least 12 characters and at most 256 bytes, not a common password and not made of the email address or the name.',
  },
} as const satisfies Record<string, ErrorDefinition>;
