import { base58 } from '@scure/base';
import { isSafeEd25519Key } from './ed25519-encoding';

/** Multicodec `ed25519-pub` (0xed) as a varint. */
const ed25519Codec = Uint8Array.of(0xed, 0x01);

/** Multibase base58btc of the multicodec-prefixed key: `z6Mk…` (did:key §3.1). @param publicKey 32 bytes @throws RangeError for another length */
export function toMultibaseKey(publicKey: Uint8Array): string {
  if (publicKey.byteLength !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  const bytes = new Uint8Array(34);
  bytes.set(ed25519Codec);
  bytes.set(publicKey, 2);
  return `z${base58.encode(bytes)}`;
}

/** @returns the 32 raw bytes, or undefined when the text is not the multibase form of a safe Ed25519 key */
export function fromMultibaseKey(text: string): Uint8Array | undefined {
  if (!text.startsWith('z') || text.length > 64) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(text.slice(1));
  } catch {
    return undefined;
  }
  if (bytes.byteLength !== 34 || bytes[0] !== ed25519Codec[0] || bytes[1] !== ed25519Codec[1])
    return undefined;
  const key = bytes.slice(2);
  return isSafeEd25519Key(key) && toMultibaseKey(key) === text ? key : undefined;
}

/** `did:key` (W3C CCG did:key method). @param publicKey 32 bytes */
export const toDidKey = (publicKey: Uint8Array): string => `did:key:${toMultibaseKey(publicKey)}`;

/** @returns the public key inside a did:key, or undefined when it is not one of a safe Ed25519 key */
export const fromDidKey = (did: string): Uint8Array | undefined =>
  did.startsWith('did:key:') ? fromMultibaseKey(did.slice('did:key:'.length)) : undefined;

/** A public key as clients write it: multibase or 64 hex digits. @returns undefined when it is neither, or unsafe */
export function parsePublicKey(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) return fromMultibaseKey(text);
  const key = new Uint8Array(Buffer.from(text, 'hex'));
  return isSafeEd25519Key(key) ? key : undefined;
}
