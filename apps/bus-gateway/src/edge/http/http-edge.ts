import { formatPositions, type HttpBinding, operationList, type OperationSpec } from '@concordat/contracts';
import { type Health, type Logger, registerHealthRoutes } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Directory } from '@concordat/directory';
import type { PresentedProof } from '../dpop-proof';
import type { EdgeAnswer, OperationRouter } from '../operation-router';
import { readInput, toRoute } from './http-input';
import { closeHttpServer, openHttpServer } from './http-server';
import { requestContext } from './http-tracing';
import { openApiDocument } from './openapi';
import { addWellKnown } from './well-known';

export interface HttpEdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly router: OperationRouter;
  readonly directory: Directory;
  readonly didWebDomain?: string | undefined;
  readonly health: Health;
  readonly logger: Logger;
}

/** The HTTP door: a route for every operation of the catalogue that has one, and nothing that is not in it. */
export class HttpEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly fastify: FastifyInstance;

  constructor(private readonly options: HttpEdgeOptions) {
    this.fastify = openHttpServer(options.logger);
    this.#addRoutes();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { host, port, logger } = this.options;
    const address = await this.fastify.listen({ host, port });
    logger.info({ address }, 'http');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await closeHttpServer(this.fastify);
  }

  #addRoutes(): void {
    const { directory, didWebDomain, health } = this.options;
    for (const operation of operationList) if (operation.http) this.#addOperation(operation, operation.http);
    registerHealthRoutes(this.fastify, health);
    const document = openApiDocument();
    this.fastify.get('/openapi.json', async () => document);
    addWellKnown(this.fastify, directory, didWebDomain);
  }

  #addOperation(operation: OperationSpec, http: HttpBinding): void {
    this.fastify.route({
      method: http.method,
      url: toRoute(http.path),
      // HEAD would run the operation and throw its answer away.
      exposeHeadRoute: false,
      handler: (request, reply) =>
        context.with(requestContext(request), () => this.#serve(operation, http, request, reply)),
    });
  }

  async #serve(
    operation: OperationSpec,
    http: HttpBinding,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const gone = new AbortController();
    // Closed after its end, as every answer is, there is nobody to tell; an abort costs an error with its stack.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const answer = await this.options.router.route({
      operation,
      input: readInput(http, request),
      authorization: header(request, 'authorization'),
      proof: proofOf(request),
      idempotencyKey: header(request, 'idempotency-key'),
      minPosition: header(request, 'concordat-min-position'),
      conversation: header(request, 'concordat-correlation-id'),
      address: request.ip,
      signal: gone.signal,
    });
    return sendAnswer(reply, http, answer);
  }
}

function sendAnswer(reply: FastifyReply, http: HttpBinding, { output, positions }: EdgeAnswer): FastifyReply {
  if (Object.keys(positions).length > 0) void reply.header('concordat-position', formatPositions(positions));
  const fields = output as Record<string, unknown>;
  if (http.etag !== undefined) void reply.header('etag', `"${String(fields[http.etag])}"`);
  if (http.mediaType !== undefined) {
    return reply
      .code(http.status)
      .type(http.mediaType)
      .send(Buffer.from(String(fields['body']), 'base64url'));
  }
  return reply.code(http.status).type('application/json; charset=utf-8').send(JSON.stringify(output));
}

function proofOf(request: FastifyRequest): PresentedProof | undefined {
  const proof = header(request, 'dpop');
  if (proof === undefined) return undefined;
  const path = request.raw.url!.replace(/[?#].*$/s, '');
  return { proof, method: request.method, authority: request.headers.host, path };
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
