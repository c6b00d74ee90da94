import { type EventEnvelope, formatPosition } from '@concordat/contracts';
import { canonicalJson } from '@concordat/crypto';

/**
 * The whole event as published, in canonical JSON (RFC 8785): what the leaf commits to, what is encrypted and stored,
 * and what is disclosed to a verifier. Positions are written as in the stream; `data` stays the text that it was.
 */
export const eventText = (envelope: EventEnvelope): string =>
  canonicalJson({ ...envelope, at: formatPosition(envelope.at), prev: formatPosition(envelope.prev) });

/** `data` of the event behind such a text. @throws SyntaxError when it is not JSON */
export const dataOf = (text: string): unknown =>
  JSON.parse((JSON.parse(text) as Pick<EventEnvelope, 'data'>).data);

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace id of a W3C traceparent; null when there is none (all zeros, malformed, absent). */
export function traceIdOf(traceparent: string | null): string | null {
  const id = traceparentPattern.exec(traceparent ?? '')?.[1];
  return id === undefined || /^0+$/.test(id) ? null : id;
}
