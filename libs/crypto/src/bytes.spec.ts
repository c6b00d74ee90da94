import fc from 'fast-check';
import { concatBytes, fromBase64url, lengthPrefixed, toBase64url, utf8 } from './bytes';

describe('base64url', () => {
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('holds the RFC 4648 §10 vector %j, without padding', (text, encoded) => {
    expect(toBase64url(utf8(text))).toBe(encoded);
    expect(fromBase64url(encoded)).toEqual(utf8(text));
  });

  it('comes back as the bytes that went in, from a view of a larger buffer too', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const view = concatBytes(Uint8Array.of(1), bytes, Uint8Array.of(2)).subarray(1, -1);
        expect(fromBase64url(toBase64url(view))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['bits behind the last byte', 'Zh'],
    ['bits behind the last two bytes', 'Zm9'],
    ['padding', 'Zg=='],
    ['the alphabet of base64', '-_+/'],
    ['a lone digit', 'Z'],
    ['a space', 'Zm 8'],
    ['a newline', 'Zm8\n'],
    ['a foreign letter', 'Zmé8'],
  ])('with %s is refused', (_, text) => {
    expect(fromBase64url(text)).toBeUndefined();
  });

  it('has one text only: whatever is read is written the same', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('A', 'Q', 'g', 'x', '-', '_', '=', '+') }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = fromBase64url(text);
        expect(bytes === undefined || toBase64url(bytes) === text).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('length-prefixed parts', () => {
  /** Reads the parts back, which shows that no two lists have the same bytes. */
  function readParts(bytes: Uint8Array): Buffer[] {
    const parts: Buffer[] = [];
    for (let rest = Buffer.from(bytes); rest.byteLength > 0;) {
      const end = 4 + rest.readUInt32BE();
      parts.push(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
    return parts;
  }

  it('are each behind their length in 32 bits', () => {
    const bytes = lengthPrefixed('ab', new Uint8Array(0), Uint8Array.of(7), 'é');
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['00000002', '6162', '00000000', '00000001', '07', '00000002', 'c3a9'].join(''),
    );
    expect(lengthPrefixed()).toHaveLength(0);
  });

  it('can be told apart again, whatever they hold', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 10, max: 5 }),
      fc.string({ unit: 'binary', maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const expected = parts.map((value) => Buffer.from(value as Uint8Array));
        expect(readParts(lengthPrefixed(...parts))).toEqual(expected);
      }),
    );
  });
});
