import {
  type Context,
  isSpanContextValid,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
  TraceFlags,
  type TraceState,
} from '@opentelemetry/api';
import { parseTracestate, PassedTraceState, trimSpace } from './trace-state';

/** Trace Context Level 2, “Random Trace ID Flag”. */
const randomFlag = 0x02;

/** Later versions may be longer, after another dash (“Versioning of traceparent”). */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;

/**
 * A `traceparent` as W3C Trace Context says; spaces and tabs around it are of HTTP.
 * @returns undefined when it is malformed: a new trace then begins. Several headers, which doors join with commas, are none.
 */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, version, traceId, spanId, flags, rest] = pattern.exec(trimSpace(text)) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  if (rest?.includes(',')) return undefined;
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
}

/**
 * Takes a trace over and hands it on, as W3C Trace Context says. Stricter than the propagator of OpenTelemetry: that one
 * takes other spaces, carries on parts of a `tracestate` that is malformed, and knows the keys of Level 1 only.
 */
export class TraceContextPropagator implements TextMapPropagator {
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const textOf = (name: string): string | undefined => {
      const value = getter.get(carrier, name);
      return Array.isArray(value) ? value.join(',') : value;
    };
    const parent = parseTraceparent(textOf('traceparent') ?? '');
    if (!parent) return context;
    const members = parseTracestate(textOf('tracestate') ?? '');
    const isRandom = (parent.traceFlags & randomFlag) !== 0;
    const isEmpty = members.length === 0 && !isRandom;
    return trace.setSpanContext(context, {
      ...parent,
      ...(isEmpty ? {} : { traceState: new PassedTraceState(members, isRandom) }),
    });
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (!span || !isSpanContextValid(span)) return;
    const flags = (span.traceFlags & TraceFlags.SAMPLED) | (isRandom(span.traceState) ? randomFlag : 0);
    setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-0${flags}`);
    const state = span.traceState?.serialize() ?? '';
    if (state !== '') setter.set(carrier, 'tracestate', state);
  }

  fields(): string[] {
    return ['traceparent', 'tracestate'];
  }
}

const isRandom = (state: TraceState | undefined): boolean =>
  state instanceof PassedTraceState && state.isRandom;
