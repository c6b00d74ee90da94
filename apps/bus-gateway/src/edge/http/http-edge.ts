import {
  formatPositions,
  type HttpBinding,
  isCompressible,
  isForStrangers,
  limits,
  operationList,
  type OperationSpec,
} from '@concordat/contracts';
import { activeTraceId, type Health, type Logger, registerHealthRoutes } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Directory } from '@concordat/directory';
import { addEventRoutes } from '../../cloud-events/cloud-events.http';
import { CallerAddresses, type ProxySettings } from '../caller-address';
import type { EdgeAnswer } from '../edge-request';
import type { OperationRouter } from '../operation-router';
import { addReference } from '../reference/reference';
import { requireAccepted } from './accepted';
import { inCodingOf } from './compressed-answer';
import { requireUncoded } from './content-coding';
import { sendEvents } from './event-stream';
import { readInput, toRoute } from './http-input';
import { requestFacts } from './http-request';
import { closeHttpServer, openHttpServer } from './http-server';
import { requestContext } from './http-tracing';
import { sendLines } from './line-stream';
import { addWellKnown } from './well-known';
import { addWitnessRoute } from './witness-text';

export interface HttpEdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly router: OperationRouter;
  readonly proxies?: ProxySettings | undefined;
  readonly directory: Directory;
  readonly didWebDomain?: string | undefined;
  readonly health: Health;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** The HTTP door: a route for every operation of the catalogue that has one, and nothing that is not in it. */
export class HttpEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly fastify: FastifyInstance;
  readonly #addresses: CallerAddresses;

  constructor(private readonly options: HttpEdgeOptions) {
    this.#addresses = new CallerAddresses(options.proxies);
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
    addReference(this.fastify);
    addWellKnown(this.fastify, directory, didWebDomain);
    addEventRoutes(this.fastify, { ...this.options, addresses: this.#addresses });
    addWitnessRoute(this.fastify, { ...this.options, addresses: this.#addresses });
  }

  #addOperation(operation: OperationSpec, http: HttpBinding): void {
    this.fastify.route({
      method: http.method,
      url: toRoute(http.path),
      // HEAD would run the operation and throw its answer away.
      exposeHeadRoute: false,
      bodyLimit: isForStrangers(operation) ? limits.strangerBytes : limits.jsonBytes,
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
    const isStream = operation.kind === 'stream';
    if (isStream) requireAccepted(http, request.headers.accept);
    const input = async () => {
      if (isForStrangers(operation)) refuseCoded(request, reply);
      return readInput(http, request);
    };
    const asked = { ...requestFacts(request, reply, this.#addresses), operation, input };
    const { router, logger } = this.options;
    if (!isStream) {
      const body = writeAnswer(reply, http, await router.route(asked));
      return reply.send(isCompressible(operation) ? await inCodingOf(request, reply, body) : body);
    }
    const traceId = activeTraceId();
    const stream = await router.open(asked);
    const { lines } = http;
    return lines
      ? sendLines(request, reply, stream, { operation, lines, traceId, logger })
      : sendEvents(request, reply, stream, { operation, traceId, logger });
  }
}

/** @throws ConcordatError CONTENT_CODING_UNSUPPORTED, with what is taken in the header of RFC 7694 */
function refuseCoded(request: FastifyRequest, reply: FastifyReply): void {
  try {
    requireUncoded(request.headers['content-encoding']);
  } catch (error) {
    void reply.header('accept-encoding', 'identity');
    throw error;
  }
}

/** @returns the body; all else is in the reply then */
function writeAnswer(reply: FastifyReply, http: HttpBinding, { output, positions }: EdgeAnswer): Buffer {
  if (Object.keys(positions).length > 0) void reply.header('concordat-position', formatPositions(positions));
  const fields = output as Record<string, unknown>;
  if (http.etag !== undefined) void reply.header('etag', `"${String(fields[http.etag])}"`);
  if (http.cacheControl !== undefined) void reply.header('cache-control', http.cacheControl);
  void reply.code(http.status).type(http.mediaType ?? 'application/json; charset=utf-8');
  if (http.mediaType !== undefined) return Buffer.from(String(fields['body']), 'base64url');
  return Buffer.from(JSON.stringify(output));
}
