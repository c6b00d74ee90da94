import fc from 'fast-check';
import { equalConstantTime, hkdfSha256, hmacSha256, sha256 } from './hash';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const range = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from }, (_, i) => from + i);

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('holds the FIPS 180-4 example %j', (text, hash) => {
    expect(toHex(sha256(text))).toBe(hash);
  });

  it('hashes its parts as if they were one, text as UTF-8', () => {
    expect(sha256('a', hex('62'), '', 'cé')).toEqual(sha256(hex('616263c3a9')));
  });
});

describe('HMAC-SHA-256', () => {
  const largeKey = hex('aa'.repeat(131));
  it.each([
    [
      '1',
      hex('0b'.repeat(20)),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      '2',
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '3',
      hex('aa'.repeat(20)),
      hex('dd'.repeat(50)),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      '4',
      range(1, 26),
      hex('cd'.repeat(50)),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      '6',
      largeKey,
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      '7',
      largeKey,
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('holds RFC 4231 test case %s', (_, key, data, mac) => {
    expect(toHex(hmacSha256(key, data))).toBe(mac);
  });

  it('covers its parts as if they were one', () => {
    expect(hmacSha256(largeKey, 'ab', '', 'c')).toEqual(hmacSha256(largeKey, 'abc'));
  });
});

describe('HKDF-SHA-256', () => {
  it.each([
    {
      name: 'A.1',
      key: hex('0b'.repeat(22)),
      salt: range(0, 13),
      info: range(0xf0, 0xfa),
      output: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'A.2',
      key: range(0, 0x50),
      salt: range(0x60, 0xb0),
      info: range(0xb0, 0x100),
      output:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'A.3',
      key: hex('0b'.repeat(22)),
      salt: hex(''),
      info: hex(''),
      output: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('holds RFC 5869 test case $name', ({ key, salt, info, output }) => {
    expect(toHex(hkdfSha256(key, salt, info, output.length / 2))).toBe(output);
  });

  it('refuses more output than the RFC allows', () => {
    expect(hkdfSha256(hex('00'), hex(''), hex(''), 8160)).toHaveLength(8160);
    expect(() => hkdfSha256(hex('00'), hex(''), hex(''), 8161)).toThrow();
  });
});

describe('the comparison in constant time', () => {
  it('agrees with that of the bytes, for different lengths too', () => {
    const bytes = fc.uint8Array({ maxLength: 3, max: 2 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalConstantTime(a, b)).toBe(toHex(a) === toHex(b));
      }),
      { numRuns: 500 },
    );
  });
});
