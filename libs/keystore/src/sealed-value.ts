import type { SealedValue } from '@concordat/contracts';
import { AeadError, aeadOpen, aeadSeal, fromBase64url, lengthPrefixed, toBase64url } from '@concordat/crypto';
import type { DataKey, Keystore } from './keystore';

const aadOf = (kid: string, context: readonly string[]): Uint8Array =>
  lengthPrefixed('concordat/sealed-value/v1', kid, ...context);

/** Encrypts under `key`. @param context what the value belongs to; it opens nowhere else (AAD, length-prefixed) */
export const sealValue = (
  { kid, key }: DataKey,
  plaintext: Uint8Array,
  context: readonly string[],
): SealedValue => ({
  alg: 'A256GCM',
  kid,
  value: toBase64url(aeadSeal(key, plaintext, aadOf(kid, context))),
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
  return aeadOpen(found.key, box, aadOf(sealed.kid, context));
}
