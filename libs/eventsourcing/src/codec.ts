import { createHash } from 'node:crypto';
import { type EventSpec, type SealedValue, sealedValue } from '@concordat/contracts';
import { canonicalJson } from '@concordat/crypto';
import { type Keystore, openValue, sealValue } from '@concordat/keystore';

/** Where an event stands: what its sealed fields are bound to, so that they open nowhere else. */
export interface EventPlace {
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
}

type Fields = Readonly<Record<string, unknown>>;

const contextOf = (spec: EventSpec, place: EventPlace, field: string): string[] => [
  place.tenant,
  place.stream,
  String(place.version),
  spec.type,
  field,
];

/** Encrypts the sealed fields of an event under its key, which is made when there is none. */
export async function sealData(
  spec: EventSpec,
  data: Fields,
  place: EventPlace,
  keystore: Keystore,
): Promise<Fields> {
  if (!spec.sealed) return data;
  const key = await keystore.obtain(place.tenant, spec.sealed.keyPath(data));
  const sealed = { ...data };
  for (const field of spec.sealed.fields) {
    const plaintext = Buffer.from(canonicalJson(data[field]));
    sealed[field] = sealValue(key, plaintext, contextOf(spec, place, field));
  }
  return sealed;
}

/**
 * What an event that was taken back from the stream has in place of a local field: the stream never held the content.
 * A sealed value never looks like it.
 */
const isWithheld = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'sha256';

/** Whether the content of an event was never published and is lost: only its hash is there. */
export const hasWithheldContent = (spec: EventSpec, stored: Fields): boolean =>
  (spec.local ?? []).some((field) => isWithheld(stored[field]));

/**
 * Decrypts the sealed fields; they become null when their key was destroyed, or when the content was withheld.
 * @throws AeadError when one was changed
 */
export async function openData(
  spec: EventSpec,
  stored: Fields,
  place: EventPlace,
  keystore: Keystore,
): Promise<Fields> {
  if (!spec.sealed) return stored;
  const opened = { ...stored };
  for (const field of spec.sealed.fields) {
    if (isWithheld(stored[field])) {
      opened[field] = null;
      continue;
    }
    const value: SealedValue = sealedValue.parse(stored[field]);
    const plaintext = await openValue(keystore, place.tenant, value, contextOf(spec, place, field));
    opened[field] = plaintext ? (JSON.parse(Buffer.from(plaintext).toString('utf8')) as unknown) : null;
  }
  return opened;
}

/** The event without its sealed fields, for readers that do not need them. */
export function hideData(spec: EventSpec, stored: Fields): Fields {
  if (!spec.sealed) return stored;
  return { ...stored, ...Object.fromEntries(spec.sealed.fields.map((field) => [field, null])) };
}

/** The published form of stored data (JSON texts): local fields are replaced by the SHA-256 of their stored form. */
export function wireData(spec: EventSpec, stored: string): string {
  if (!spec.local) return stored;
  const data = JSON.parse(stored) as Record<string, unknown>;
  for (const field of spec.local) {
    if (spec.sealed?.fields.includes(field) && isWithheld(data[field])) continue;
    data[field] = { sha256: createHash('sha256').update(canonicalJson(data[field])).digest('base64url') };
  }
  return JSON.stringify(data);
}
