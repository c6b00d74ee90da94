import {
  ConcordatError,
  type FieldProblem,
  findOperation,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  type OperationSpec,
  type Position,
  type Positions,
  type Principal,
} from '@concordat/contracts';
import type { z } from 'zod';

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
  /** Aborted when the caller has gone; only inside the gateway, whose handlers wait. */
  readonly signal?: AbortSignal;
  /** Address that the request comes from; only inside the gateway. */
  readonly source?: string | undefined;
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

/** Handlers by operation: what the slices of a service bring together. */
export type OperationHandlers = { readonly [N in OperationName]?: OperationHandler<N> };

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
  constructor(private readonly handlers: OperationHandlers) {}

  get operations(): string[] {
    return Object.keys(this.handlers);
  }

  async dispatch(
    operation: string,
    input: unknown,
    context: Omit<OperationContext, 'operation'>,
  ): Promise<OperationResult<unknown>> {
    const spec = findOperation(operation);
    const handler =
      spec && (this.handlers[spec.name as OperationName] as OperationHandler<OperationName> | undefined);
    if (!spec || !handler)
      throw new ConcordatError('ROUTE_UNKNOWN', 'This service does not serve the operation.');
    const parsed = parseInput(spec, input) as OperationInput<OperationName>;
    const result = await handler(parsed, { ...context, operation: spec.name as OperationName });
    return { ...result, output: spec.output.parse(result.output) };
  }
}
