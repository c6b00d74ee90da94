import type { EventEnvelope } from '@concordat/contracts';
import { buildLeaf, hmacSha256, leafHash, lengthPrefixed, sha256Once } from '@concordat/crypto';
import { type DataKey, openBox, sealBox, type SealingKey } from '@concordat/keystore';
import { eventText } from './event-text';

/** Ciphertext as it lies in a row, with the name of the key that opens it. */
export interface Sealed {
  readonly keyId: string;
  /** nonce ‖ ciphertext ‖ tag */
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
}

/** A salt per event. It is not stored: it goes with the key, and then the leaf is closed for ever. */
const saltOf = ({ key }: DataKey, eventId: string): Uint8Array =>
  hmacSha256(key, lengthPrefixed('concordat/audit-salt/v1', eventId));

const bodyContext = (tenant: string, eventId: string): string[] => ['audit-event', tenant, eventId];
const payloadContext = (tenant: string, messageId: string): string[] => ['audit-message', tenant, messageId];

/** @throws RangeError when the leaf would be too large: see `admission.ts`, which lets no such event in */
export function sealEvent(key: SubjectKey, envelope: EventEnvelope): SealedEvent {
  const { id, type, time, tenant, actor, subject } = envelope;
  const event = eventText(envelope);
  const box = sealBox(key.sealing, bytesOf(event), bodyContext(tenant, id));
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
export const openEvent = (key: DataKey, tenant: string, eventId: string, box: Uint8Array): Disclosure => ({
  salt: saltOf(key, eventId),
  event: textOf(openBox(key, box, bodyContext(tenant, eventId))),
});

/** @throws AeadError when the row was changed */
export const openPayload = (key: DataKey, tenant: string, messageId: string, box: Uint8Array): unknown =>
  JSON.parse(textOf(openBox(key, box, payloadContext(tenant, messageId))));

// From the pool of Node: nobody keeps them.
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
