import {
  type ChunkedName,
  ConcordatError,
  type FieldProblem,
  findOperation,
  isChunked,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  type OperationSpec,
  type Position,
  type Positions,
  type Principal,
  type StreamName,
} from '@concordat/contracts';
import { z } from 'zod';

/** What a handler knows of a request besides its input. */
export interface OperationContext {
  readonly operation: OperationName;
  readonly principal: Principal;
  /** Names the effect; null for queries. */
  readonly commandId: string | null;
  readonly minPosition: Positions;
  /** Correlation id of the caller's conversation. */
  readonly conversation: string | null;
  readonly traceparent: string | null;
  /** IP address of the caller; null when nobody called from outside. */
  readonly address: string | null;
  /** Aborted when the caller has gone; only inside the gateway, whose handlers wait. */
  readonly signal?: AbortSignal;
  /**
   * Asked by handlers that have waited: whether the caller may still do this, by the rights and the policies of now.
   * Only inside the gateway. @returns the caller with the rights of now
   * @throws ConcordatError CREDENTIAL_INVALID, TOKEN_EXPIRED, SCOPE_MISSING, POLICY_DENIED, DIRECTORY_STALE
   */
  readonly recheck?: () => Promise<Principal>;
  /** Thumbprint of a key that the request itself proved; only inside the gateway, when a token is asked for. */
  readonly keyThumbprint?: string;
}

export interface OperationResult<T> {
  readonly output: T;
  /** Position of the source after the operation or as it was read; null where there is none. */
  readonly position: Position | null;
  /** Source that the position belongs to; the service itself when left out. */
  readonly source?: string;
}

export type OperationHandler<N extends OperationName> = (
  input: OperationInput<N>,
  context: OperationContext,
) => Promise<OperationResult<OperationOutput<N>>>;

/** What the handler of a stream knows besides. */
export interface StreamContext extends OperationContext {
  readonly signal: AbortSignal;
  /** Tells of further items that the caller is ready for, each time how many. */
  readonly onGrant: (take: (credits: number) => void) => void;
}

/**
 * Makes the items of a stream, each when it is asked for: whoever reads slowly is served slowly. Ends soon after the
 * signal; what it throws ends the stream.
 */
export type StreamHandler<N extends OperationName> = (
  input: OperationInput<N>,
  context: StreamContext,
) => AsyncIterable<OperationOutput<N>>;

/** A piece of a stream that is asked for piece by piece. */
export interface Chunk<T> {
  readonly items: readonly T[];
  /** Where the next one begins, in the words of the service; null: there is none. */
  readonly next: string | null;
}

/**
 * Makes the next items of a stream for the gateway, which asks for one chunk after the other, from any process of the
 * service. A chunk that was not answered is asked for again. Never waits for longer than an answer may take.
 * @param place `next` of the chunk before; null: the stream begins, which happens once
 */
export type ChunkHandler<N extends ChunkedName> = (
  input: OperationInput<N>,
  place: string | null,
  context: OperationContext,
) => Promise<Chunk<OperationOutput<N>>>;

/** How a chunk is asked for. */
const chunkRequest = z.strictObject({ input: z.unknown(), place: z.string().max(8_192).nullable() });

/** What a service answers with. @throws ZodError when it is not that */
export const chunkAnswer = z.strictObject({ items: z.array(z.unknown()), next: z.string().nullable() });

/** Whether the caller may do this, with this input. @throws ConcordatError POLICY_DENIED */
export type Authorize = (
  spec: OperationSpec,
  input: unknown,
  context: Pick<OperationContext, 'principal' | 'address'>,
) => void;

/** Handlers by operation: what the slices of a service bring together. */
export type OperationHandlers = {
  readonly [N in OperationName]?: N extends ChunkedName
    ? ChunkHandler<N>
    : N extends StreamName
      ? StreamHandler<N>
      : OperationHandler<N>;
};

/** @throws ConcordatError INPUT_INVALID with the place of every fault; values are not quoted */
export function parseInput(spec: OperationSpec, input: unknown): unknown {
  const parsed = spec.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(toProblems);
  const places = errors.map(({ pointer }) => pointer || '/').join(', ');
  throw new ConcordatError('INPUT_INVALID', `The input of ${spec.name} is not valid at ${places}.`, {
    errors,
  });
}

function toProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  const pointer = issue.path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
  if (issue.code !== 'unrecognized_keys') return [{ pointer, message: issue.message }];
  return issue.keys.map((key) => ({
    pointer: `${pointer}/${key}`,
    message: 'is not a field of this operation',
  }));
}

/** Finds the handler of an operation, hands it checked input, and lets nothing out that the catalogue does not name. */
export class OperationDispatcher {
  /** @param authorize throws when the caller may not */
  constructor(
    private readonly handlers: OperationHandlers,
    private readonly authorize: Authorize = () => undefined,
  ) {}

  get operations(): string[] {
    return Object.keys(this.handlers);
  }

  /** What came from outside. @throws ConcordatError ROUTE_UNKNOWN, INPUT_INVALID, and what authorization and handler throw */
  async dispatch(
    operation: string,
    input: unknown,
    context: Omit<OperationContext, 'operation'>,
  ): Promise<OperationResult<unknown>> {
    const spec = findOperation(operation);
    if (!spec) throw notServed();
    if (isChunked(spec)) return this.#chunk(spec, input, context);
    this.#handler(spec, false);
    const parsed = parseInput(spec, input);
    this.authorize(spec, parsed, context);
    return this.carryOut(spec, parsed, context);
  }

  /** What was checked and judged already. @param input as the schema of the operation has parsed it */
  async carryOut(
    spec: OperationSpec,
    input: unknown,
    context: Omit<OperationContext, 'operation'>,
  ): Promise<OperationResult<unknown>> {
    const handler = this.#handler(spec, false) as unknown as OperationHandler<OperationName>;
    const operation = spec.name as OperationName;
    const result = await handler(input as OperationInput<OperationName>, { ...context, operation });
    return { ...result, output: spec.output.parse(result.output) };
  }

  /**
   * The same of a stream.
   * @throws ConcordatError ROUTE_UNKNOWN; what happens later is thrown by the iterator
   */
  stream(
    spec: OperationSpec,
    input: unknown,
    context: Omit<StreamContext, 'operation'>,
  ): AsyncIterable<unknown> {
    const open = this.#handler(spec, true) as unknown as StreamHandler<OperationName>;
    const operation = spec.name as OperationName;
    return checked(spec, open(input as OperationInput<OperationName>, { ...context, operation }));
  }

  async #chunk(
    spec: OperationSpec,
    request: unknown,
    context: Omit<OperationContext, 'operation'>,
  ): Promise<OperationResult<Chunk<unknown>>> {
    const make = this.#handler(spec, true) as unknown as ChunkHandler<ChunkedName>;
    const { input, place } = chunkRequest.parse(request);
    const parsed = parseInput(spec, input);
    this.authorize(spec, parsed, context);
    const operation = spec.name as ChunkedName;
    const { items, next } = await make(parsed as OperationInput<ChunkedName>, place, {
      ...context,
      operation,
    });
    return { output: { items: items.map((item) => spec.output.parse(item)), next }, position: null };
  }

  #handler(spec: OperationSpec, isStream: boolean) {
    const handler = this.handlers[spec.name as OperationName];
    if (!handler || (spec.kind === 'stream') !== isStream) throw notServed();
    return handler;
  }
}

const notServed = (): ConcordatError =>
  new ConcordatError('ROUTE_UNKNOWN', 'This service does not serve the operation.');

async function* checked(spec: OperationSpec, items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const item of items) yield spec.output.parse(item);
}
