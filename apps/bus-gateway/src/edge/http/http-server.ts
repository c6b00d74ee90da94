import { ConcordatError, limits } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { sendProblem } from './http-errors';
import { rawProblem } from './raw-problem';
import { beginTrace, endTrace, traceRequests } from './http-tracing';

/** Sockets at the same time; further ones are closed at once. */
const connectionsLimit = 20_000;
/** A client that takes longer for its headers, or for the whole of its request, is not served. */
const headersMs = 10_000;
const requestMs = 30_000;
/** How often slow clients are looked for. */
const lookMs = 2_000;
/** Requests under way get so long to end when the gateway stops. */
const drainMs = 5_000;

/**
 * An HTTP server that takes JSON only, and answers everything that it refuses, however early, with
 * `application/problem+json`. Routes are added by whoever opens it.
 */
export function openHttpServer(logger: Logger): FastifyInstance {
  const server: FastifyInstance = fastify({
    bodyLimit: limits.jsonBytes,
    routerOptions: { maxParamLength: 512 },
    forceCloseConnections: 'idle',
    // What comes on an open connection while the gateway stops is answered like the rest; its connection is closed then.
    return503OnClosing: false,
    requestTimeout: requestMs,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: lookMs },
    frameworkErrors: (error, request, reply) => {
      beginTrace(request, reply);
      setCommonHeaders(reply);
      reply.raw.once('close', () => endTrace(request, reply));
      void sendProblem(request, reply, error, logger);
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || socket.destroyed) return;
      if (socket.writable) socket.write(badRequest(error.code));
      socket.destroy();
    },
  });
  server.server.maxConnections = connectionsLimit;
  traceRequests(server);
  acceptJson(server);
  answerErrors(server, logger);
  return server;
}

/** Stops listening, lets what is under way end, and after a time ends what does not. */
export async function closeHttpServer(server: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), drainMs);
  await server.close();
  clearTimeout(timer);
}

/** As bytes: they are unpacked and read when it is known who sent them (`http-input.ts`). */
function acceptJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => (body.length === 0 ? undefined : body),
  );
}

function answerErrors(server: FastifyInstance, logger: Logger): void {
  server.setErrorHandler((error, request, reply) => sendProblem(request, reply, error, logger));
  server.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, new ConcordatError('ROUTE_UNKNOWN'), logger),
  );
  server.addHook('onSend', async (_request, reply) => setCommonHeaders(reply));
}

function setCommonHeaders(reply: FastifyReply): void {
  void reply.header('x-content-type-options', 'nosniff');
  void reply.header('cache-control', reply.getHeader('cache-control') ?? 'no-store');
}

/** The answer to what is not HTTP: there is no request to answer. */
function badRequest(code: string | undefined): string {
  const detail =
    code === 'HPE_HEADER_OVERFLOW'
      ? 'The request line and the headers are too long.'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'The request did not come to its end in time.'
        : 'The request is not well-formed HTTP.';
  return rawProblem(new ConcordatError('INPUT_INVALID', detail), '0'.repeat(32));
}
