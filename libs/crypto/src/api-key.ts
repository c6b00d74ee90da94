import { crc32 } from 'node:zlib';
import { sha256 } from './hash';
import { toBase64url } from './bytes';

/**
 * API keys (IAM-5): `cck_<id>_<secret><checksum>`, where id is 8 random bytes, secret 32 random bytes and checksum the
 * CRC-32 of everything before it, all in hex. The checksum lets scanners find leaked keys without asking us.
 */
const pattern = /^cck_([0-9a-f]{16})_([0-9a-f]{64})([0-9a-f]{8})$/;

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** @param random 40 random bytes: 8 for the id, 32 for the secret */
export function formatApiKey(random: Uint8Array): { id: string; key: string } {
  if (random.byteLength !== 40) throw new RangeError('an API key is made of 40 random bytes');
  const hex = Buffer.from(random).toString('hex');
  const id = hex.slice(0, 16);
  const body = `cck_${id}_${hex.slice(16)}`;
  return { id, key: body + checksum(body) };
}

/** @returns the id of a well-formed key, or undefined: a mistyped key never reaches a store */
export function parseApiKey(key: string): { id: string } | undefined {
  const match = pattern.exec(key);
  if (!match || checksum(key.slice(0, -8)) !== match[3]) return undefined;
  return { id: match[1]! };
}

/** What is kept of a key. Its 256 random bits make a slow hash needless. */
export const apiKeyHash = (key: string): string => toBase64url(sha256('concordat/api-key/v1', key));
