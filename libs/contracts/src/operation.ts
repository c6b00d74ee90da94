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
  /**
   * Of a stream: set when it is answered with lines of text instead of server-sent events; its items are then `{lines}`,
   * whole lines with their newlines, and one that is cut off ends without the end of its body.
   */
  readonly lines?: {
    readonly mediaTypes: readonly string[];
    /** Which of them an input asks for. */
    of(input: Readonly<Record<string, unknown>>): string;
  };
  /** `Cache-Control` of the answer; without it nobody may keep it (`no-store`). */
  readonly cacheControl?: string;
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
   * nothing, or, like `inbox.fetch`, only who has a lease on what. A stream is a query whose answer is many items, one
   * after the other, for as long as the caller reads them; `output` is then the schema of one.
   */
  readonly kind: 'command' | 'query' | 'stream';
  /** `none`: anybody; `credential`: agent or API key; `agent`: an agent only; `gateway`: the gateway itself, no route. */
  readonly caller: 'none' | 'credential' | 'agent' | 'gateway';
  /** Needed in the credential; absent when the credential itself is enough. */
  readonly scope?: Scope;
  readonly http?: HttpBinding;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
  /**
   * Of a stream: the field of an item that names its place, for a caller that comes back to say how far it got (`id:` of
   * server-sent events; the header `last-event-id` of the binding fills the field of the input that takes it).
   */
  readonly itemId?: string;
  /** Codes beyond those that any operation may answer with (see `commonErrors`). */
  readonly errors: readonly ErrorCode[];
  /** How many messages it sends: they count against the quotas of the sender. */
  messages?(input: Readonly<Record<string, unknown>>): number;
  /** The answer holds a secret that is shown once: a repetition is refused with SECRET_ALREADY_SHOWN. */
  readonly revealsSecret?: true;
  /**
   * The answer holds what its length must not tell of, beside what a stranger may have written (BREACH): it is never
   * compressed. Goes without saying where it `revealsSecret`.
   */
  readonly neverCompressed?: true;
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
  'CONTENT_CODING_UNSUPPORTED',
  'CONTENT_CODING_INVALID',
  'OVERLOADED',
  'RATE_LIMITED',
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

/** Codes that every stream may be refused with, or end with. */
export const streamErrors = [
  'MEDIA_TYPE_NOT_ACCEPTABLE',
  'STREAM_LIMIT_REACHED',
] as const satisfies readonly ErrorCode[];

/** Every code that an operation may answer with. */
export const errorsOf = ({ caller, kind, errors }: OperationSpec): ErrorCode[] => [
  ...new Set<ErrorCode>([
    ...commonErrors,
    ...(caller === 'none' ? [] : credentialErrors),
    ...(kind === 'stream' ? streamErrors : []),
    ...errors,
  ]),
];

/** Whether it is a stream that a service behind the gateway makes: it is asked for one chunk after the other. */
export const isChunked = ({ kind, service }: Pick<OperationSpec, 'kind' | 'service'>): boolean =>
  kind === 'stream' && service !== 'bus';

/** Whether anybody may ask: then bodies are small (`limits.strangerBytes`) and not compressed. */
export const isForStrangers = ({ caller }: Pick<OperationSpec, 'caller'>): boolean => caller === 'none';

/** Whether answers may be compressed. A stream is not: each of its items leaves at once. */
export const isCompressible = ({ kind, revealsSecret, neverCompressed }: OperationSpec): boolean =>
  kind !== 'stream' && !revealsSecret && !neverCompressed;

export type InputOf<S extends OperationSpec> = z.output<S['input']>;
/** What a caller writes: defaults may be left out. */
export type RequestOf<S extends OperationSpec> = z.input<S['input']>;
export type OutputOf<S extends OperationSpec> = z.output<S['output']>;
