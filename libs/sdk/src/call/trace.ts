import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/**
 * The trace that a call belongs to, as headers: what the caller says, else the active span of OpenTelemetry. Written
 * here and not by the global propagator, which may be none or of another format.
 */
export function traceHeaders(traceparent: string | undefined): Record<string, string> {
  if (traceparent !== undefined) return { traceparent };
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return {};
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const state = span.traceState?.serialize() ?? '';
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    ...(state === '' ? {} : { tracestate: state }),
  };
}
