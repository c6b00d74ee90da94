export interface ErrorDefinition {
  /** HTTP status (RFC 9110). */
  readonly status: number;
  /** Canonical name of the gRPC status. */
  readonly grpc:
    | 'INVALID_ARGUMENT'
    | 'UNAUTHENTICATED'
    | 'PERMISSION_DENIED'
    | 'NOT_FOUND'
    | 'ALREADY_EXISTS'
    | 'ABORTED'
    | 'FAILED_PRECONDITION'
    | 'RESOURCE_EXHAUSTED'
    | 'UNAVAILABLE'
    | 'UNIMPLEMENTED'
    | 'INTERNAL';
  readonly title: string;
  /** What the reader can do about it. */
  readonly fix: string;
  readonly retryAfterSeconds?: number;
}

export const define = <const T extends Record<string, ErrorDefinition>>(catalogue: T): T =>
  Object.freeze(catalogue);

export const badRequest = { status: 400, grpc: 'INVALID_ARGUMENT' } as const;
export const unauthenticated = { status: 401, grpc: 'UNAUTHENTICATED' } as const;
export const forbidden = { status: 403, grpc: 'PERMISSION_DENIED' } as const;
export const notFound = { status: 404, grpc: 'NOT_FOUND' } as const;
export const conflict = { status: 409, grpc: 'ABORTED' } as const;
export const unavailable = { status: 503, grpc: 'UNAVAILABLE', retryAfterSeconds: 1 } as const;
