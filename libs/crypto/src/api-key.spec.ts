import fc from 'fast-check';
import { apiKeyHash, formatApiKey, parseApiKey } from './api-key';

const random = fc.uint8Array({ minLength: 40, maxLength: 40 });

/** Key and hash of the bytes 0 to 39; golden values by Python (zlib.crc32, hashlib). */
const golden = {
  id: '0001020304050607',
  key: 'cck_0001020304050607_08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526275f0efb05',
  hash: 'Mo_D2Du-KHwTHCx7PpDwVv-zZhqpNnXU8Q4qBADoXsM',
};

describe('an API key', () => {
  it('is written and hashed the same for ever (golden values by Python)', () => {
    const made = formatApiKey(Uint8Array.from({ length: 40 }, (_, i) => i));
    expect(made).toEqual({ id: golden.id, key: golden.key });
    expect(apiKeyHash(golden.key)).toBe(golden.hash);
  });

  it('gives its id back', () => {
    fc.assert(
      fc.property(random, (bytes) => {
        const { id, key } = formatApiKey(bytes);
        expect(parseApiKey(key)).toEqual({ id });
      }),
    );
  });

  it('with any single character changed is refused', () => {
    const characters = fc.oneof(
      fc.constantFrom(...'0123456789abcdef_'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(random, fc.nat(golden.key.length - 1), characters, (bytes, at, character) => {
        const { key } = formatApiKey(bytes);
        fc.pre(character !== key[at]);
        expect(parseApiKey(key.slice(0, at) + character + key.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('with two neighbours swapped is refused', () => {
    fc.assert(
      fc.property(random, fc.nat(golden.key.length - 2), (bytes, at) => {
        const { key } = formatApiKey(bytes);
        fc.pre(key[at] !== key[at + 1]);
        const swapped = key.slice(0, at) + key[at + 1]! + key[at]! + key.slice(at + 2);
        expect(parseApiKey(swapped)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['in capitals', golden.key.toUpperCase()],
    ['cut', golden.key.slice(0, -1)],
    ['longer', `${golden.key}0`],
    ['with a newline', `${golden.key}\n`],
    ['with a space in front', ` ${golden.key}`],
    ['nothing', ''],
  ])('%s is refused', (_, key) => {
    expect(parseApiKey(key)).toBeUndefined();
  });

  it('is not made of fewer random bytes', () => {
    for (const length of [0, 39, 41]) expect(() => formatApiKey(new Uint8Array(length))).toThrow(RangeError);
  });

  it('has another hash than any other key', () => {
    fc.assert(
      fc.property(random, random, (a, b) => {
        const [left, right] = [formatApiKey(a).key, formatApiKey(b).key];
        expect(apiKeyHash(left) === apiKeyHash(right)).toBe(left === right);
      }),
    );
  });
});
