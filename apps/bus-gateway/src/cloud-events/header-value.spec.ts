import fc from 'fast-check';
import { decodeHeaderValue, encodeHeaderValue } from './header-value';

describe('the value of an attribute as that of a header', () => {
  it('is percent-encoded where it is not printable ASCII, as the binding shows it', () => {
    expect(encodeHeaderValue('Euro € 😀')).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80');
    expect(encodeHeaderValue('a"b%c~!#$&')).toBe('a%22b%25c~!#$&');
  });

  it('is decoded once, whatever was encoded without need, in either case', () => {
    expect(decodeHeaderValue('Euro%20%e2%82%ac')).toBe('Euro €');
    expect(decodeHeaderValue('%41%2520')).toBe('A%20');
    expect(decodeHeaderValue('a b')).toBe('a b');
    expect(decodeHeaderValue('')).toBe('');
  });

  it('loses the quotes that older senders write', () => {
    expect(decodeHeaderValue('"a \\"b\\" \\\\ %C3%A9"')).toBe('a "b" \\ é');
    expect(decodeHeaderValue('""')).toBe('');
  });

  it.each([
    '%',
    '%2',
    '%zz',
    '%C0%A0',
    '%ED%A0%80',
    '%FF',
    '%E2%82',
    'é',
    '\xff',
    'a"b',
    '"a',
    '"a"b',
    '"a\\"',
    'a\x7f',
  ])('%j / is none', (raw) => expect(decodeHeaderValue(raw)).toBeUndefined());

  it('comes out as it went in, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodeHeaderValue(text);
        expect(encoded).toMatch(/^[\x21-\x7e]*$/);
        expect(decodeHeaderValue(encoded)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of anything a socket brings / is a text or none, and never a failure', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const value = decodeHeaderValue(Buffer.from(bytes).toString('latin1'));
        expect(['string', 'undefined']).toContain(typeof value);
      }),
    );
  });
});
