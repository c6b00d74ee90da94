import {
  type OperationSpec,
  parsePositions,
  type Positions,
  problem as problemSchema,
} from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import { ConcordatProblem } from '../problem';
import type { PublicOperation } from './wire-request';

/** An answer, read whole. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What an operation answered, and what came with it. */
export interface Answer<T> {
  readonly output: T;
  /** HTTP status */
  readonly status: number;
  /** Where the sources that served the call stood: pass them on to read what was written here. */
  readonly positions: Positions;
  /** Names the call in the traces and logs of the server: 32 hex digits; null when the server did not say. */
  readonly traceId: string | null;
}

const problemBytes = 65_536;

/**
 * Reads a response, but not more than `maxBytes`: what a hostile server sends must not fill the memory.
 * @throws ConcordatProblem ANSWER_TOO_LARGE; whatever the connection throws when it breaks
 */
export async function readResponse(response: Response, maxBytes: number): Promise<WireAnswer> {
  const { status, headers } = response;
  const limit = response.ok ? maxBytes : Math.min(maxBytes, problemBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > limit)
      throw new ConcordatProblem('ANSWER_TOO_LARGE', {
        status,
        detail: `The answer has more than ${limit} bytes.`,
        traceId: traceIdOf(headers),
      });
    chunks.push(chunk);
  }
  return { status, headers, body: Buffer.concat(chunks) };
}

/** @throws ConcordatProblem: what the server refused with; REDIRECT_REFUSED, ANSWER_INVALID, HTTP_ERROR */
export function readAnswer(spec: PublicOperation, answer: WireAnswer): Answer<unknown> {
  const { status, headers, body } = answer;
  if (status === 0 || (status >= 300 && status < 400))
    throw new ConcordatProblem('REDIRECT_REFUSED', { status });
  if (status < 200 || status >= 300) throw readProblem(answer);
  const traceId = traceIdOf(headers);
  const output = spec.http.mediaType === undefined ? readJson(answer) : { body: toBase64url(body) };
  requireOutput(spec, output, { status, traceId });
  return {
    output,
    status,
    positions: parsePositions(headers.get('concordat-position') ?? '') ?? {},
    traceId,
  };
}

function readProblem({ status, headers, body }: WireAnswer): ConcordatProblem {
  const parsed = problemSchema.safeParse(parseJson(body));
  const retryAfterSeconds = readRetryAfter(headers);
  const traceId = traceIdOf(headers);
  if (!parsed.success) {
    const detail = `The answer has the status ${status} and no problem document.`;
    return new ConcordatProblem('HTTP_ERROR', { status, detail, traceId, retryAfterSeconds });
  }
  const { code, detail, fix, errors } = parsed.data;
  return new ConcordatProblem(code, {
    status,
    detail,
    fix,
    errors,
    traceId: parsed.data.traceId,
    retryAfterSeconds,
  });
}

function readJson({ status, headers, body }: WireAnswer): unknown {
  const value = parseJson(body);
  if (value !== undefined) return value;
  const detail = 'The answer is not JSON.';
  throw new ConcordatProblem('ANSWER_INVALID', { status, detail, traceId: traceIdOf(headers) });
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Fields that a newer server adds are no fault; fields that are missing or different are. */
export function requireOutput(
  { name, output: schema }: OperationSpec,
  output: unknown,
  fields: { readonly status: number; readonly traceId: string | null },
): void {
  const issues = issuesOf(schema, output).filter(({ code }) => code !== 'unrecognized_keys');
  if (issues.length === 0) return;
  const places = issues.map(({ path }) => `/${path.join('/')}`).join(', ');
  throw new ConcordatProblem('ANSWER_INVALID', {
    ...fields,
    detail: `The answer is not one of ${name}: see ${places}.`,
  });
}

function issuesOf(schema: OperationSpec['output'], output: unknown) {
  try {
    return schema.safeParse(output).error?.issues ?? [];
  } catch {
    // Nested so deeply that the check overflows the stack: no server of ours sends that.
    return [{ code: 'custom', path: [] }];
  }
}

/** Seconds, or a date, which only means something beside the date of the answer (RFC 9110 §10.2.3). */
function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const seconds = (Date.parse(text) - Date.parse(headers.get('date') ?? '')) / 1_000;
  return seconds >= 0 ? seconds : undefined;
}

/** Trace id of the `traceparent` (W3C Trace Context §3.2) of an answer. */
export const traceIdOf = (headers: Headers): string | null =>
  /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headers.get('traceparent') ?? '')?.[1] ?? null;
