import { AeadError } from '@concordat/crypto';
import { type DataKey, openBox, sealBox } from '@concordat/keystore';
import type { JsonValue } from '@concordat/contracts';
import type { EventSealer } from '../leaf/event-sealer';
import type { Sealed } from '../leaf/sealed-event';

/** What a text belongs to; it opens nowhere else. */
export interface TextPlace {
  readonly tenant: string;
  readonly id: string;
  readonly part: 'log' | 'parameters' | 'result';
}

const contextOf = ({ tenant, id, part }: TextPlace): string[] => ['audit-governance', tenant, id, part];

/** @param key of the subject of the record */
export const sealText = (key: DataKey, place: TextPlace, text: JsonValue): Sealed => ({
  keyId: key.kid,
  box: sealBox(key, Buffer.from(JSON.stringify(text), 'utf8'), contextOf(place)),
});

/** @returns null when there is none, when the subject was erased, and when the row was changed, which its hash tells */
export async function openText(
  sealer: Pick<EventSealer, 'find'>,
  place: TextPlace,
  keyId: string | null,
  box: Uint8Array | null,
): Promise<JsonValue> {
  if (keyId === null || box === null) return null;
  const key = await sealer.find(place.tenant, keyId);
  if (!key) return null;
  try {
    return JSON.parse(Buffer.from(openBox(key, box, contextOf(place))).toString('utf8')) as JsonValue;
  } catch (error) {
    if (error instanceof AeadError) return null;
    throw error;
  }
}
