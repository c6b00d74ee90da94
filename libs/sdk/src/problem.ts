import { errorDefinition, type ErrorCode, type FieldProblem, isErrorCode } from '@concordat/contracts';

/** What goes wrong on this side of the wire; everything else is a code of the server's catalogue. */
const ownProblems = {
  CONNECTION_FAILED: {
    title: 'The gateway was not reached, or the connection broke.',
    fix: 'Check the URL and that Concordat runs: GET <url>/health/ready.',
  },
  DEADLINE_EXCEEDED: {
    title: 'There was no answer in time.',
    fix: 'Try again later, or raise `timeouts.totalMs`.',
  },
  ANSWER_INVALID: {
    title: 'The answer is not one that this operation gives.',
    fix: 'Check that the URL is that of a Concordat gateway, with no other server in between.',
  },
  ANSWER_TOO_LARGE: {
    title: 'The answer is larger than any that this client accepts.',
    fix: 'Ask for fewer items at once, or raise `limits.answerBytes`.',
  },
  REDIRECT_REFUSED: {
    title: 'The server wants to send the request elsewhere; the credential stays here.',
    fix: 'Give the final URL of the gateway.',
  },
  CHALLENGE_UNTRUSTED: {
    title: 'The server wants another text signed than the challenge of this agent.',
    fix: 'Do not trust this server; check the URL.',
  },
  HTTP_ERROR: {
    title: 'Something that is not Concordat answered with an error.',
    fix: 'Check the URL and the proxies on the way.',
  },
} as const;

export type OwnProblemCode = keyof typeof ownProblems;

export interface ProblemFields {
  readonly detail?: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status?: number;
  readonly fix?: string | undefined;
  readonly errors?: readonly FieldProblem[];
  /** 32 hex digits; null when nothing answered. */
  readonly traceId?: string | null;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The one error of this library. Its `code` says what happened, its `fix` what to do. */
export class ConcordatProblem extends Error {
  override readonly name = 'ConcordatProblem';
  readonly status: number;
  readonly detail: string;
  readonly fix: string;
  /** Places in the input that are at fault. */
  readonly errors: readonly FieldProblem[];
  readonly traceId: string | null;
  /** When it makes sense to try again; undefined when the server did not say. */
  readonly retryAfterSeconds: number | undefined;

  /** @param code of the catalogue, of this library, or of a server that is newer than this library */
  constructor(
    readonly code: ErrorCode | OwnProblemCode | (string & {}),
    fields: ProblemFields = {},
  ) {
    const known = describeCode(code);
    const detail = fields.detail ?? known.title;
    super(`${code}: ${detail}`, { cause: fields.cause });
    this.detail = detail;
    this.fix = fields.fix ?? known.fix;
    this.status = fields.status ?? 0;
    this.errors = fields.errors ?? [];
    this.traceId = fields.traceId ?? null;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

/** Recognised by name and code, not by class: two copies of this library may meet in one process. */
export function isConcordatProblem(
  error: unknown,
  ...codes: readonly (ErrorCode | OwnProblemCode)[]
): error is ConcordatProblem {
  if (!(error instanceof Error) || error.name !== 'ConcordatProblem') return false;
  return 'code' in error && (codes.length === 0 || codes.some((code) => error.code === code));
}

function describeCode(code: string): { readonly title: string; readonly fix: string } {
  if (isErrorCode(code)) return errorDefinition(code);
  if (Object.hasOwn(ownProblems, code)) return ownProblems[code as OwnProblemCode];
  return { title: 'The server refused.', fix: 'See the documentation of the server for this code.' };
}
