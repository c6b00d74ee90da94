import { type EventEnvelope, formatPosition } from '@concordat/contracts';

/**
 * The whole event as published, in canonical JSON (RFC 8785): what the leaf commits to, what is encrypted and stored,
 * and what is disclosed to a verifier. Positions are written as in the stream; `data` stays the text that it was.
 * The keys stand in canonical order, so that JSON.stringify writes canonical JSON; that is ten times faster than sorting.
 */
export const eventText = (envelope: EventEnvelope): string =>
  JSON.stringify({
    actor: envelope.actor,
    at: formatPosition(envelope.at),
    correlation: envelope.correlation,
    data: envelope.data,
    hash: envelope.hash,
    id: envelope.id,
    prev: formatPosition(envelope.prev),
    prevHash: envelope.prevHash,
    signatures: envelope.signatures.map(({ alg, kid, value }) => ({ alg, kid, value })),
    source: envelope.source,
    stream: envelope.stream,
    subject: envelope.subject,
    tenant: envelope.tenant,
    time: envelope.time,
    traceparent: envelope.traceparent,
    type: envelope.type,
    version: envelope.version,
  } satisfies Record<keyof EventEnvelope, unknown>);

/** `data` of the event behind such a text. @throws SyntaxError when it is not JSON */
export const dataOf = (text: string): unknown =>
  JSON.parse((JSON.parse(text) as Pick<EventEnvelope, 'data'>).data);

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace id of a W3C traceparent; null when there is none (all zeros, malformed, absent). */
export function traceIdOf(traceparent: string | null): string | null {
  const id = traceparentPattern.exec(traceparent ?? '')?.[1];
  return id === undefined || /^0+$/.test(id) ? null : id;
}
