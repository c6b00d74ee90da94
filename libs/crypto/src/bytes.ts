/** base64url without padding (RFC 4648 §5). */
export const toBase64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');

/**
 * Strict base64url: no padding, no foreign characters, no non-zero bits behind the last byte (RFC 4648 §3.5), so
 * that every value has exactly one text.
 * @returns undefined when the text is not canonical
 */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : undefined;
}

export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** `a` and `b` as length-prefixed (32 bit, big-endian) parts: no two lists of parts have the same bytes. */
export function lengthPrefixed(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const lengths = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength));
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + 4 + length, 0));
  const view = Buffer.from(bytes.buffer);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    at = view.writeUInt32BE(lengths[index]!, at);
    if (typeof part === 'string') view.write(part, at);
    else bytes.set(part, at);
    at += lengths[index]!;
  }
  return bytes;
}
