import { generateX25519, x25519 } from './x25519';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const basePoint = hex(`09${'00'.repeat(31)}`);

const alice = {
  secretKey: hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  publicKey: hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
};
const bob = {
  secretKey: hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  publicKey: hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'),
};

describe('X25519', () => {
  it('holds RFC 7748 §6.1', () => {
    const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
    expect(x25519(alice.secretKey, basePoint)).toEqual(alice.publicKey);
    expect(x25519(bob.secretKey, basePoint)).toEqual(bob.publicKey);
    expect(toHex(x25519(alice.secretKey, bob.publicKey))).toBe(shared);
    expect(toHex(x25519(bob.secretKey, alice.publicKey))).toBe(shared);
  });

  it('holds both vectors of RFC 7748 §5.2', () => {
    const scalar = hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
    const point = hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
    expect(toHex(x25519(scalar, point))).toBe(
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    );
    const scalar2 = hex('4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d');
    const point2 = hex('e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493');
    expect(toHex(x25519(scalar2, point2))).toBe(
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    );
  });

  it('generated pairs agree with each other', () => {
    const [mine, yours] = [generateX25519(), generateX25519()];
    expect(x25519(mine.secretKey, basePoint)).toEqual(mine.publicKey);
    expect(x25519(mine.secretKey, yours.publicKey)).toEqual(x25519(yours.secretKey, mine.publicKey));
  });

  const ff30 = 'ff'.repeat(30);
  it.each([
    ['0', '00'.repeat(32)],
    ['1', `01${'00'.repeat(31)}`],
    ['order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['order 8, the other', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['p − 1', `ec${ff30}7f`],
    ['p, which is 0', `ed${ff30}7f`],
    ['p + 1, which is 1', `ee${ff30}7f`],
  ])('a key of small order is refused: %s, with and without the unused bit', (_, key) => {
    const withBit = hex(key);
    withBit[31]! |= 0x80;
    expect(() => x25519(alice.secretKey, hex(key))).toThrow();
    expect(() => x25519(alice.secretKey, withBit)).toThrow();
  });

  it('keys of another length are refused', () => {
    for (const length of [0, 31, 33]) {
      expect(() => x25519(new Uint8Array(length), bob.publicKey)).toThrow(RangeError);
      expect(() => x25519(alice.secretKey, new Uint8Array(length))).toThrow(RangeError);
    }
  });
});
