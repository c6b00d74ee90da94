import { z } from 'zod';
import { errorDefinition, isErrorCode } from './error-catalogue';
import { asConcordatError, ConcordatError } from './errors';

/** `application/problem+json` (RFC 9457) with our extensions. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  fix: z.string(),
  traceId: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })),
});
export type Problem = z.infer<typeof problem>;

export const problemType = (code: string): string => `urn:concordat:error:${code}`;

/** The face of an error towards strangers: nothing in it but the catalogue, the detail and the trace id. */
export function toProblem(error: unknown, traceId: string): Problem {
  const { code, detail, errors } = asConcordatError(error);
  const { title, status, fix } = errorDefinition(code);
  return { type: problemType(code), title, status, detail, code, fix, traceId, errors: [...errors] };
}

/** The error as it travels between services inside a sealed reply. */
export const errorFrame = z.strictObject({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })),
  retryAfterSeconds: z.number().optional(),
});
export type ErrorFrame = z.infer<typeof errorFrame>;

export function toErrorFrame(error: unknown): ErrorFrame {
  const { code, detail, errors, retryAfterSeconds } = asConcordatError(error);
  return {
    code,
    detail,
    errors: [...errors],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** A code from a newer service that this process does not know is still an error, and one of the server. */
export const fromErrorFrame = (frame: ErrorFrame): ConcordatError =>
  isErrorCode(frame.code)
    ? new ConcordatError(frame.code, frame.detail, frame)
    : new ConcordatError('INTERNAL', `The service answered with the unknown code ${frame.code}.`);
