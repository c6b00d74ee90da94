import { type ErrorCode, errorDefinition, isErrorCode } from './error-catalogue';

export interface FieldProblem {
  /** Where: a JSON Pointer (RFC 6901) into the input, or the name of a parameter. */
  readonly pointer: string;
  readonly message: string;
}

export interface ErrorDetails {
  readonly errors?: readonly FieldProblem[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** Kept for the log of the process that failed; never crosses a process boundary. */
  readonly cause?: unknown;
}

/** The one error that crosses boundaries. Its code decides status, title and fix (see error-catalogue.ts). */
export class ConcordatError extends Error {
  override readonly name = 'ConcordatError';
  readonly errors: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string = errorDefinition(code).title,
    details: ErrorDetails = {},
  ) {
    super(`${code}: ${detail}`, { cause: details.cause });
    this.errors = details.errors ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds ?? errorDefinition(code).retryAfterSeconds;
  }

  get status(): number {
    return errorDefinition(this.code).status;
  }
}

/**
 * Recognised by code, not by class: two copies of this library may meet in one process. A code that this copy does not
 * know has no status here, so such an error is none of ours.
 */
export function isConcordatError(error: unknown, code?: ErrorCode): error is ConcordatError {
  if (!(error instanceof Error) || error.name !== 'ConcordatError') return false;
  return 'code' in error && isErrorCode(error.code) && (code === undefined || error.code === code);
}

/** Anything thrown, as an error that may be shown: what is not ours becomes INTERNAL and keeps its cause for the log. */
export const asConcordatError = (error: unknown): ConcordatError =>
  isConcordatError(error) ? error : new ConcordatError('INTERNAL', undefined, { cause: error });
