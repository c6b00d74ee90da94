import { asConcordatError, ConcordatError, toProblem } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptedCodings } from './content-coding';
import { traceProblem } from './http-tracing';

/** Refusals of Fastify and of the socket below it, by their codes. */
const fastifyErrors: Readonly<Record<string, () => ConcordatError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ConcordatError('PAYLOAD_TOO_LARGE'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new ConcordatError('MEDIA_TYPE_UNSUPPORTED'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ConcordatError('JSON_MALFORMED', 'The body is not as long as Content-Length says.'),
  ECONNRESET: () => new ConcordatError('JSON_MALFORMED', 'The body ended too early.'),
  FST_ERR_BAD_URL: () => new ConcordatError('INPUT_INVALID', 'The path is not well-formed percent-encoding.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new ConcordatError('INPUT_INVALID', 'A part of the path is too long.'),
};

/** Any error as ours: what Fastify refused, what we threw, and the rest as INTERNAL. */
function toConcordatError(error: unknown): ConcordatError {
  const { code: thrown, statusCode } = Object(error) as { code?: unknown; statusCode?: unknown };
  const code = String(thrown);
  if (Object.hasOwn(fastifyErrors, code)) return fastifyErrors[code]!();
  // What else Fastify refuses of its own accord is a fault of the request (a QUERY without content, for one).
  const isRefusal = code.startsWith('FST_') && Number(statusCode) < 500;
  return isRefusal ? new ConcordatError('ROUTE_UNKNOWN') : asConcordatError(error);
}

/** RFC 9449 §7.1 names the fault of a proof. */
export const schemes = ({ code }: ConcordatError): string =>
  `Bearer, DPoP algs="EdDSA"${code === 'PROOF_INVALID' ? ', error="invalid_dpop_proof"' : ''}, ApiKey`;

/** `RateLimit` (draft-ietf-httpapi-ratelimit-headers): nothing remains of what was asked for until so many seconds pass. */
function usedUp({ code, retryAfterSeconds = 1 }: ConcordatError): string | undefined {
  if (code === 'RATE_LIMITED') return `"requests";r=0;t=${retryAfterSeconds}`;
  return code === 'QUOTA_EXCEEDED' ? `"messages";r=0;t=${retryAfterSeconds}` : undefined;
}

/** Answers with `application/problem+json` (RFC 9457). */
export async function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  logger: Logger,
): Promise<FastifyReply> {
  const known = toConcordatError(error);
  const traceId = traceProblem(request, known.code);
  if (known.code === 'INTERNAL') logger.error({ error: known.cause ?? known, traceId }, 'request failed');
  if (known.status === 401) void reply.header('www-authenticate', schemes(known));
  if (known.retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(known.retryAfterSeconds));
  if (known.code === 'CONTENT_CODING_UNSUPPORTED')
    void reply.header('accept-encoding', reply.getHeader('accept-encoding') ?? acceptedCodings);
  const used = usedUp(known);
  if (used !== undefined) void reply.header('ratelimit', used);
  // As bytes: to a text Fastify would add a charset, which the media type does not have.
  const body = Buffer.from(JSON.stringify(toProblem(known, traceId)));
  return reply.code(known.status).type('application/problem+json').send(body);
}
