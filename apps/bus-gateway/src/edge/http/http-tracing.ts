import { contextOf } from '@concordat/runtime';
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const spans = new WeakMap<FastifyRequest, Span>();

/**
 * A span for every request, refused ones included, from its first byte to its last, named and attributed as the HTTP
 * semantic conventions say. Every answer carries its `traceparent`.
 */
export function traceRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => beginTrace(request, reply));
  fastify.addHook('onResponse', async (request, reply) => endTrace(request, reply));
}

export function beginTrace(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url;
  const attributes = {
    'http.request.method': request.method,
    ...(route === undefined ? {} : { 'http.route': route }),
  };
  const { traceparent, tracestate } = request.headers;
  const parent = contextOf(String(traceparent ?? ''), String(tracestate ?? ''));
  const name = route === undefined ? request.method : `${request.method} ${route}`;
  const span = trace.getTracer('concordat').startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  spans.set(request, span);
  const carrier: { traceparent?: string } = {};
  propagation.inject(requestContext(request), carrier);
  if (carrier.traceparent !== undefined) void reply.header('traceparent', carrier.traceparent);
}

export function endTrace(request: FastifyRequest, reply: FastifyReply): void {
  const span = spans.get(request);
  span?.setAttribute('http.response.status_code', reply.statusCode);
  if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
  span?.end();
}

/** The context to run the handler of a request in. */
export function requestContext(request: FastifyRequest): Context {
  const span = spans.get(request);
  return span ? trace.setSpan(context.active(), span) : context.active();
}

/** Notes on the span what was refused. @returns the trace id */
export function traceProblem(request: FastifyRequest, code: string): string {
  const span = spans.get(request);
  span?.setAttribute('error.type', code);
  return span?.spanContext().traceId ?? '0'.repeat(32);
}
