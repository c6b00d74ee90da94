import type { z } from 'zod';
import type { ErrorCode } from './error-catalogue';
import type { Scope, Service } from './names';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpBinding {
  readonly method: HttpMethod;
  /** Path with `{field}` for a segment and `{field+}` for the rest; names are fields of the input. */
  readonly path: `/${string}`;
  readonly status: 200 | 201 | 202 | 204;
  /** Request headers (lower case) that fill fields of the input. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Field of the output that becomes the `ETag`. */
  readonly etag?: string;
  /** Set when the answer is not JSON: the output is then `{body}` in base64url and is sent as these bytes. */
  readonly mediaType?: string;
}

/**
 * What a caller may ask of Concordat, declared once. Routes, OpenAPI, SDK, CLI and the messages between the
 * gateway and the services derive from it; a gRPC method names the operation it serves.
 */
export interface OperationSpec {
  /** `<noun>.<verb>` */
  readonly name: `${string}.${string}`;
  /** The service whose handler runs it; `bus` is the gateway itself. */
  readonly service: Service;
  readonly summary: string;
  /**
   * A command changes state and is remembered by its idempotency key. A query may be asked again without harm: it changes
   * nothing, or, like `inbox.fetch`, only who has a lease on what.
   */
  readonly kind: 'command' | 'query';
  /** `none`: anybody; `credential`: agent or API key; `agent`: an agent only; `gateway`: the gateway itself, no route. */
  readonly caller: 'none' | 'credential' | 'agent' | 'gateway';
  /** Needed in the credential; absent when the credential itself is enough. */
  readonly scope?: Scope;
  readonly http?: HttpBinding;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
  /** Codes beyond those that any operation may answer with (see `commonErrors`). */
  readonly errors: readonly ErrorCode[];
  /** The answer holds a secret that is shown once: a repetition is refused with SECRET_ALREADY_SHOWN. */
  readonly revealsSecret?: true;
}

export const operation = <const S extends OperationSpec>(spec: S): S => Object.freeze(spec);

/** Codes that every operation may answer with. */
export const commonErrors = [
  'INPUT_INVALID',
  'JSON_MALFORMED',
  'JSON_TOO_DEEP',
  'JSON_DUPLICATE_KEY',
  'JSON_FORBIDDEN_KEY',
  'JSON_NUMBER_UNSAFE',
  'PAYLOAD_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'OVERLOADED',
  'SERVICE_UNAVAILABLE',
  'POSITION_NOT_REACHED',
  'COMMAND_EXPIRED',
  'STORE_REGRESSED',
  'IDEMPOTENCY_KEY_REUSED',
  'VERSION_CONFLICT',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];

/** Codes that every operation with a credential may answer with. */
export const credentialErrors = [
  'CREDENTIAL_MISSING',
  'CREDENTIAL_INVALID',
  'TOKEN_EXPIRED',
  'PROOF_INVALID',
  'SCOPE_MISSING',
  'POLICY_DENIED',
  'AGENT_REQUIRED',
  'DIRECTORY_STALE',
] as const satisfies readonly ErrorCode[];

export type InputOf<S extends OperationSpec> = z.output<S['input']>;
/** What a caller writes: defaults may be left out. */
export type RequestOf<S extends OperationSpec> = z.input<S['input']>;
export type OutputOf<S extends OperationSpec> = z.output<S['output']>;
