import type { EventEnvelope, KeyPath } from '@concordat/contracts';
import { readyKey } from '@concordat/crypto';
import type { DataKey, Keystore } from '@concordat/keystore';
import { isErasure } from '../erasure/erasure';
import { type Disclosure, openEvent, openPayload, type Sealed, type SubjectKey } from './sealed-event';

/** An erasure has a key of its own, which outlives that of its subject: that it happened, and to whom, can be shown for ever. */
const keyPathOf = (envelope: EventEnvelope): KeyPath =>
  isErasure(envelope) ? [`erasure/${envelope.subject}`] : subjectPath(envelope.subject);
/** A tenant that no caller can have: the key belongs to the service, and no erasure takes it. */
const serviceTenant = '~';
const subjectPath = (subject: string): KeyPath => [`subject/${subject}`];

/**
 * What the audit log stores is encrypted under a key per subject, so that erasing a subject is destroying one key: bodies,
 * payloads and salts of all its events are then gone, in the database and in every copy of it. The payload of a message
 * goes with the subject of its acceptance: the sender.
 */
export class EventSealer {
  constructor(private readonly keystore: Keystore) {}

  /**
   * The keys that a batch is sealed under, each looked up once.
   * @returns the key of an event of the batch
   */
  async keysOf(envelopes: readonly EventEnvelope[]): Promise<(envelope: EventEnvelope) => SubjectKey> {
    const bindingKey = await this.bindingKey();
    const paths = new Map<string, [tenant: string, path: KeyPath]>();
    const nameOf = ({ tenant }: EventEnvelope, path: KeyPath): string => `${tenant} ${path.join('/')}`;
    for (const envelope of envelopes) {
      const path = keyPathOf(envelope);
      paths.set(nameOf(envelope, path), [envelope.tenant, path]);
    }
    const obtain = async ([name, [tenant, path]]: [string, [string, KeyPath]]): Promise<
      [string, SubjectKey]
    > => {
      const { kid, key } = await this.keystore.obtain(tenant, path);
      return [name, { kid, key, bindingKey, sealing: { kid, key: readyKey(key) } }];
    };
    const keys = new Map(await Promise.all([...paths].map(obtain)));
    return (envelope) => keys.get(nameOf(envelope, keyPathOf(envelope)))!;
  }

  /** @returns undefined when the key was destroyed @throws AeadError when the row was changed */
  async open(tenant: string, eventId: string, { keyId, box }: Sealed): Promise<Disclosure | undefined> {
    const key = await this.keystore.find(tenant, keyId);
    return key && openEvent(key, tenant, eventId, box);
  }

  /** @returns null when the key was destroyed @throws AeadError when the row was changed */
  async openPayload(tenant: string, messageId: string, { keyId, box }: Sealed): Promise<unknown> {
    const key = await this.keystore.find(tenant, keyId);
    return key === undefined ? null : openPayload(key, tenant, messageId, box);
  }

  /** What rows are bound by (row-binding.ts); made at the first event. */
  async bindingKey(): Promise<Uint8Array> {
    return (await this.keystore.obtain(serviceTenant, ['audit-rows'])).key;
  }

  /** The key of a subject, for what else is stored about it. Made when there is none. */
  keyOf(tenant: string, subject: string): Promise<DataKey> {
    return this.keystore.obtain(tenant, subjectPath(subject));
  }

  /** @returns undefined when the key was destroyed */
  find(tenant: string, keyId: string): Promise<DataKey | undefined> {
    return this.keystore.find(tenant, keyId);
  }

  /**
   * Destroys the key of a subject, for good: bodies, payloads and salts of everything sealed so far are closed. What comes
   * later is sealed under a fresh key. Idempotent.
   */
  async forget(tenant: string, subject: string): Promise<void> {
    await this.keystore.destroy(tenant, subjectPath(subject));
  }
}
