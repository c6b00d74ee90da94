import {
  context,
  type Context,
  isSpanContextValid,
  propagation,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Link,
} from '@opentelemetry/api';
import { asConcordatError } from '@concordat/contracts';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';

export interface TelemetryOptions {
  readonly serviceName: string;
  readonly instance: string;
  /** Base URL of an OTLP/HTTP receiver; without it nothing is recorded and nothing leaves the process. */
  readonly endpoint: string | undefined;
  readonly sampleRatio: number;
}

/** Starts tracing. @returns a function that sends what is left and ends */
export function startTelemetry({
  serviceName,
  instance,
  endpoint,
  sampleRatio,
}: TelemetryOptions): () => Promise<void> {
  // Context goes on through this process even when nothing is recorded, so that a trace is not cut in two.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const url = endpoint && `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: serviceName, 'service.instance.id': instance }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(endpoint ? sampleRatio : 0) }),
    spanProcessors: url ? [new BatchSpanProcessor(exporterTo(url), { scheduledDelayMillis: 1_000 })] : [],
  });
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return () => provider.shutdown();
}

/** Loaded only here: without a receiver it would make every start, and every return after a crash, a tenth of a second later. */
function exporterTo(url: string): OTLPTraceExporter {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be loaded always, or later than asked
  const { OTLPTraceExporter: Exporter } = require('@opentelemetry/exporter-trace-otlp-proto') as {
    OTLPTraceExporter: typeof OTLPTraceExporter;
  };
  return new Exporter({ url });
}

export interface SpanRequest {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** W3C traceparent of the sender; left out, the active span is the parent. */
  readonly traceparent?: string | null;
  readonly links?: readonly Link[];
}

const tracer = () => trace.getTracer('concordat');

/** Runs a task inside a span; an error is recorded by its code, never by its message (which may quote input). */
export async function inSpan<T>(request: SpanRequest, task: (span: Span) => Promise<T>): Promise<T> {
  const { name, kind, attributes = {}, links = [] } = request;
  const parent = request.traceparent === undefined ? context.active() : contextOf(request.traceparent);
  return tracer().startActiveSpan(name, { kind, attributes, links: [...links] }, parent, async (span) => {
    try {
      return await task(span);
    } catch (error) {
      const { code } = asConcordatError(error);
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The context that a W3C `traceparent` describes; malformed ones begin a new trace (W3C Trace Context §3.2). */
export function contextOf(traceparent: string | null): Context {
  return traceparent === null ? context.active() : propagation.extract(context.active(), { traceparent });
}

/** `traceparent` of the active span, to send along; null outside of one. */
export function activeTraceparent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}

/** Trace id of the active span, 32 hex digits; zeros outside of one. */
export const activeTraceId = (): string => trace.getActiveSpan()?.spanContext().traceId ?? '0'.repeat(32);

/** A link to the span that a `traceparent` names, or none when it is malformed. */
export function linkTo(traceparent: string | null): Link[] {
  const spanContext = traceparent === null ? undefined : trace.getSpanContext(contextOf(traceparent));
  return spanContext && isSpanContextValid(spanContext) ? [{ context: spanContext }] : [];
}
