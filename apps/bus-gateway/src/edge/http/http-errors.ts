import { asConcordatError, ConcordatError, toProblem } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceProblem } from './http-tracing';

/** Refusals of Fastify itself, by its code. */
const fastifyErrors: Readonly<Record<string, () => ConcordatError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ConcordatError('PAYLOAD_TOO_LARGE'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new ConcordatError('MEDIA_TYPE_UNSUPPORTED'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ConcordatError('JSON_MALFORMED', 'The body is not as long as Content-Length says.'),
  FST_ERR_BAD_URL: () => new ConcordatError('INPUT_INVALID', 'The path is not well-formed percent-encoding.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new ConcordatError('INPUT_INVALID', 'A part of the path is too long.'),
};

/** Any error as ours: what Fastify refused, what we threw, and the rest as INTERNAL. */
function toConcordatError(error: unknown): ConcordatError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return Object.hasOwn(fastifyErrors, code) ? fastifyErrors[code]!() : asConcordatError(error);
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
  if (known.status === 401) void reply.header('www-authenticate', 'Bearer, ApiKey');
  if (known.retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(known.retryAfterSeconds));
  const body = JSON.stringify(toProblem(known, traceId));
  return reply.code(known.status).type('application/problem+json').send(body);
}
