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
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { TraceContextPropagator } from './trace-context';

export interface TelemetryOptions {
  readonly serviceName: string;
  readonly instance: string;
  /** Base URL of an OTLP/HTTP receiver; without it nothing is recorded and nothing leaves the process. */
  readonly endpoint: string | undefined;
  readonly sampleRatio: number;
  /** Takes every span as it ends, in the place of a receiver: for specs. */
  readonly exporter?: SpanExporter;
}

/** Starts tracing. @returns a function that sends what is left and ends */
export function startTelemetry({
  serviceName,
  instance,
  endpoint,
  sampleRatio,
  exporter,
}: TelemetryOptions): () => Promise<void> {
  // Context goes on through this process even when nothing is recorded, so that a trace is not cut in two.
  const propagator = new TraceContextPropagator();
  propagation.setGlobalPropagator(propagator);
  const url = endpoint && `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: serviceName, 'service.instance.id': instance }),
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler((endpoint ?? exporter) ? sampleRatio : 0),
    }),
    spanProcessors: [
      ...(url ? [new BatchSpanProcessor(exporterTo(url), { scheduledDelayMillis: 1_000 })] : []),
      ...(exporter ? [new SimpleSpanProcessor(exporter)] : []),
    ],
  });
  provider.register({ propagator });
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
  /** What came with it. */
  readonly tracestate?: string | null | undefined;
  readonly links?: readonly Link[];
}

const tracer = () => trace.getTracer('concordat');

/** Runs a task inside a span; an error is recorded by its code, never by its message (which may quote input). */
export async function inSpan<T>(request: SpanRequest, task: (span: Span) => Promise<T>): Promise<T> {
  const { name, kind, attributes = {}, links = [] } = request;
  const { traceparent, tracestate } = request;
  const parent = traceparent === undefined ? context.active() : contextOf(traceparent, tracestate);
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

/** The context that a `traceparent`, and the `tracestate` with it, describe; a malformed one begins a new trace. */
export function contextOf(traceparent: string | null, tracestate?: string | null): Context {
  if (traceparent === null) return context.active();
  return propagation.extract(context.active(), { traceparent, tracestate: tracestate ?? '' });
}

/** The active span as a service behind it is told; null outside of one. */
export function activeTrace(): { readonly traceparent: string | null; readonly tracestate?: string } {
  const carrier: { traceparent?: string; tracestate?: string } = {};
  propagation.inject(context.active(), carrier);
  return { ...carrier, traceparent: carrier.traceparent ?? null };
}

/** `traceparent` of the active span, to send along; null outside of one. */
export const activeTraceparent = (): string | null => activeTrace().traceparent;

/** Trace id of the active span, 32 hex digits; zeros outside of one. */
export const activeTraceId = (): string => trace.getActiveSpan()?.spanContext().traceId ?? '0'.repeat(32);

/** A link to the span that a `traceparent` names, or none when it is malformed. */
export function linkTo(traceparent: string | null): Link[] {
  const spanContext = traceparent === null ? undefined : trace.getSpanContext(contextOf(traceparent));
  return spanContext && isSpanContextValid(spanContext) ? [{ context: spanContext }] : [];
}
