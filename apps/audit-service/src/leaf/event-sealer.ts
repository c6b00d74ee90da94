import type { EventEnvelope, KeyPath, SealedValue } from '@concordat/contracts';
import {
  buildLeaf,
  fromBase64url,
  hmacSha256,
  leafHash,
  lengthPrefixed,
  sha256,
  toBase64url,
  utf8,
} from '@concordat/crypto';
import { type DataKey, type Keystore, openValue, sealValue } from '@concordat/keystore';
import { isErasure } from '../erasure/erasure';
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

/** A salt per event. It is not stored: it goes with the key, and then the leaf is closed for ever. */
const saltOf = ({ key }: DataKey, eventId: string): Uint8Array =>
  hmacSha256(key, lengthPrefixed('concordat/audit-salt/v1', eventId));

/** An erasure has a key of its own, which outlives that of its subject: that it happened, and to whom, can be shown for ever. */
const keyPathOf = (envelope: EventEnvelope): KeyPath =>
  isErasure(envelope) ? [`erasure/${envelope.subject}`] : subjectPath(envelope.subject);
const subjectPath = (subject: string): KeyPath => [`subject/${subject}`];

const bodyContext = (tenant: string, eventId: string): string[] => ['audit-event', tenant, eventId];
const payloadContext = (tenant: string, messageId: string): string[] => ['audit-message', tenant, messageId];

/**
 * Encrypts what the audit log stores under a key per subject, so that erasing a subject is destroying one key: bodies,
 * payloads and salts of all its events are then gone, in the database and in every copy of it.
 */
export class EventSealer {
  constructor(private readonly keystore: Keystore) {}

  /** @throws RangeError when the leaf would be too large: see `admission.ts`, which lets no such event in */
  async seal(envelope: EventEnvelope): Promise<SealedEvent> {
    const { id, type, time, tenant, actor, subject } = envelope;
    const key = await this.keystore.obtain(tenant, keyPathOf(envelope));
    const event = eventText(envelope);
    const body = sealBytes(key, event, bodyContext(tenant, id));
    const salt = saltOf(key, id);
    const leaf = buildLeaf({ id, type, time, tenant, actor, subject, event, salt, body: sha256(body.box) });
    return { body, leaf, leafHash: leafHash(leaf) };
  }

  /** @returns undefined when the key was destroyed @throws AeadError when the row was changed */
  async open(tenant: string, eventId: string, body: Sealed): Promise<Disclosure | undefined> {
    const key = await this.keystore.find(tenant, body.keyId);
    const event = key && (await this.#openText(tenant, body, bodyContext(tenant, eventId)));
    return event === undefined ? undefined : { salt: saltOf(key!, eventId), event };
  }

  /** @param subject whose erasure takes the payload with it: the sender */
  async sealPayload(tenant: string, subject: string, messageId: string, payload: unknown): Promise<Sealed> {
    const key = await this.keystore.obtain(tenant, subjectPath(subject));
    return sealBytes(key, JSON.stringify(payload), payloadContext(tenant, messageId));
  }

  /** @returns null when the key was destroyed @throws AeadError when the row was changed */
  async openPayload(tenant: string, messageId: string, payload: Sealed): Promise<unknown> {
    const text = await this.#openText(tenant, payload, payloadContext(tenant, messageId));
    return text === undefined ? null : JSON.parse(text);
  }

  /**
   * Destroys the key of a subject, for good: bodies, payloads and salts of everything sealed so far are closed. What comes
   * later is sealed under a fresh key. Idempotent.
   */
  async forget(tenant: string, subject: string): Promise<void> {
    await this.keystore.destroy(tenant, subjectPath(subject));
  }

  async #openText(tenant: string, { keyId, box }: Sealed, context: string[]): Promise<string | undefined> {
    const sealed: SealedValue = { alg: 'A256GCM', kid: keyId, value: toBase64url(box) };
    const bytes = await openValue(this.keystore, tenant, sealed, context);
    return bytes && Buffer.from(bytes).toString('utf8');
  }
}

/** Rows hold bytes, a third shorter than the text form of sealed values. */
function sealBytes(key: DataKey, text: string, context: string[]): Sealed {
  const { kid, value } = sealValue(key, utf8(text), context);
  return { keyId: kid, box: fromBase64url(value)! };
}
