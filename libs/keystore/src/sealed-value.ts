import type { SealedValue } from '@concordat/contracts';
import {
  AeadError,
  type AeadKey,
  aeadOpen,
  aeadSeal,
  fromBase64url,
  lengthPrefixed,
  toBase64url,
} from '@concordat/crypto';
import type { DataKey, Keystore } from './keystore';

/** A key that only seals; it may be made ready for many values. */
export interface SealingKey {
  readonly kid: string;
  readonly key: AeadKey;
}

const aadOf = (kid: string, context: readonly string[]): Uint8Array =>
  lengthPrefixed('concordat/sealed-value/v1', kid, ...context);

/**
 * Encrypts under `key`. @param context what the value belongs to; it opens nowhere else (AAD, length-prefixed)
 * @returns nonce ‖ ciphertext ‖ tag
 */
export const sealBox = (
  { kid, key }: SealingKey,
  plaintext: Uint8Array,
  context: readonly string[],
): Uint8Array => aeadSeal(key, plaintext, aadOf(kid, context));

/** @throws AeadError when the box was changed or moved to another place */
export const openBox = ({ kid, key }: DataKey, box: Uint8Array, context: readonly string[]): Uint8Array =>
  aeadOpen(key, box, aadOf(kid, context));

/** The same as text. */
export const sealValue = (key: DataKey, plaintext: Uint8Array, context: readonly string[]): SealedValue => ({
  alg: 'A256GCM',
  kid: key.kid,
  value: toBase64url(sealBox(key, plaintext, context)),
});

/**
 * @returns undefined when the key was destroyed: the value is forgotten
 * @throws AeadError when the value was changed or moved to another place
 */
export async function openValue(
  keystore: Keystore,
  tenant: string,
  sealed: SealedValue,
  context: readonly string[],
): Promise<Uint8Array | undefined> {
  const found = await keystore.find(tenant, sealed.kid);
  if (!found) return undefined;
  const box = fromBase64url(sealed.value);
  if (!box) throw new AeadError();
  return openBox(found, box, context);
}
