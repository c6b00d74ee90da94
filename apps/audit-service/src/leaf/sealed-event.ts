import type { EventEnvelope } from '@concordat/contracts';
import {
  buildLeaf,
  concatBytes,
  hmacSha256,
  leafHash,
  lengthPrefixed,
  sha256Once,
  toBase64url,
} from '@concordat/crypto';
import { type DataKey, openBox, sealBox, type SealingKey } from '@concordat/keystore';
import { eventText, traceIdOf } from './event-text';
import { bindingOf, type MessageColumns, splitBody } from './row-binding';

/** Ciphertext as it lies in a row, with the name of the key that opens it. */
export interface Sealed {
  readonly keyId: string;
  /** nonce ‖ ciphertext ‖ tag; before the body of an event what binds its row: row-binding.ts */
  readonly box: Uint8Array;
}

/** What the log keeps of an event. */
export interface SealedEvent {
  readonly body: Sealed;
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** What opens a leaf. */
export interface Disclosure {
  /** 32 bytes */
  readonly salt: Uint8Array;
  /** canonical text of the event */
  readonly event: string;
}

/** The key of a subject, ready for a batch. */
export interface SubjectKey extends DataKey {
  readonly sealing: SealingKey;
  /** Of the service: what it binds outlives the key. */
  readonly bindingKey: Uint8Array;
}

/** A salt per event. It is not stored: it goes with the key, and then the leaf is closed for ever. */
const saltOf = ({ key }: DataKey, eventId: string): Uint8Array =>
  hmacSha256(key, lengthPrefixed('concordat/audit-salt/v1', eventId));

const bodyContext = (tenant: string, eventId: string, binding: Uint8Array): string[] => [
  ...['audit-event', tenant, eventId],
  ...(binding.byteLength === 0 ? [] : [toBase64url(binding)]),
];
const payloadContext = (tenant: string, messageId: string): string[] => ['audit-message', tenant, messageId];

/**
 * @param message that the event is the acceptance of
 * @throws RangeError when the leaf would be too large: see `admission.ts`, which lets no such event in
 */
export function sealEvent(
  key: SubjectKey,
  envelope: EventEnvelope,
  message: MessageColumns | null = null,
): SealedEvent {
  const { id, type, time, tenant, actor, subject, correlation: correlationId, traceparent } = envelope;
  const event = eventText(envelope);
  const clear = { tenant, eventId: id, subject, actor, correlationId, keyId: key.kid };
  const binding = bindingOf(key.bindingKey, { ...clear, traceId: traceIdOf(traceparent) }, message);
  const box = concatBytes(binding, sealBox(key.sealing, bytesOf(event), bodyContext(tenant, id, binding)));
  const salt = saltOf(key, id);
  const leaf = buildLeaf({ id, type, time, tenant, actor, subject, event, salt, body: sha256Once(box) });
  return { body: { keyId: key.kid, box }, leaf, leafHash: leafHash(leaf) };
}

/** @param payload JSON */
export const sealPayload = (
  key: SubjectKey,
  tenant: string,
  messageId: string,
  payload: unknown,
): Sealed => ({
  keyId: key.kid,
  box: sealBox(key.sealing, bytesOf(JSON.stringify(payload)), payloadContext(tenant, messageId)),
});

/** @throws AeadError when the row was changed */
export function openEvent(key: DataKey, tenant: string, eventId: string, body: Uint8Array): Disclosure {
  const { binding, box } = splitBody(body);
  const event = textOf(openBox(key, box, bodyContext(tenant, eventId, binding)));
  return { salt: saltOf(key, eventId), event };
}

/** @throws AeadError when the row was changed */
export const openPayload = (key: DataKey, tenant: string, messageId: string, box: Uint8Array): unknown =>
  JSON.parse(textOf(openBox(key, box, payloadContext(tenant, messageId))));

// From the pool of Node: nobody keeps them.
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
