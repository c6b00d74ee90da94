import fc from 'fast-check';
import { aeadOpen, AeadError, aeadSeal } from './aead';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const key = 'feffe9928665731c6d6a8f9467308308'.repeat(2);
const nonce = 'cafebabefacedbaddecaf888';
const plaintext =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const ciphertext =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';

/** McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B; recomputed with Python's cryptography. */
const vectors = [
  {
    number: 13,
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plaintext: '',
    aad: '',
    ciphertext: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    number: 14,
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plaintext: '00'.repeat(16),
    aad: '',
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  { number: 15, key, nonce, plaintext, aad: '', ciphertext, tag: 'b094dac5d93471bdec1a502270e3cc6c' },
  {
    number: 16,
    key,
    nonce,
    plaintext: plaintext.slice(0, 120),
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    ciphertext: ciphertext.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const texts = fc.uint8Array({ maxLength: 100 });
const withByte = (bytes: Uint8Array, at: number, difference: number): Uint8Array =>
  bytes.map((byte, i) => (i === at % bytes.length ? byte ^ difference : byte));

describe('AES-256-GCM', () => {
  it.each(vectors)('holds test case $number of McGrew and Viega', (vector) => {
    const sealed = aeadSeal(hex(vector.key), hex(vector.plaintext), hex(vector.aad), hex(vector.nonce));
    expect(toHex(sealed)).toBe(vector.nonce + vector.ciphertext + vector.tag);
    expect(toHex(aeadOpen(hex(vector.key), sealed, hex(vector.aad)))).toBe(vector.plaintext);
  });

  it('a box opens to what was sealed', () => {
    fc.assert(
      fc.property(keys, texts, texts, (key, text, aad) => {
        expect(aeadOpen(key, aeadSeal(key, text, aad), aad)).toEqual(text);
      }),
    );
  });

  it('the same text sealed twice has two nonces', () => {
    const boxes = Array.from({ length: 20 }, () => aeadSeal(hex(key), hex('00'), hex('')));
    expect(new Set(boxes.map((box) => toHex(box.subarray(0, 12)))).size).toBe(20);
  });
});

describe('a box that was changed', () => {
  const difference = fc.integer({ min: 1, max: 255 });

  it('in any byte of nonce, ciphertext or tag is refused', () => {
    fc.assert(
      fc.property(keys, texts, texts, fc.nat(), difference, (key, text, aad, at, change) => {
        const box = aeadSeal(key, text, aad);
        expect(() => aeadOpen(key, withByte(box, at, change), aad)).toThrow(AeadError);
      }),
    );
  });

  it('in any byte of its associated data or key is refused', () => {
    const someAad = fc.uint8Array({ minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(keys, texts, someAad, fc.nat(), difference, (key, text, aad, at, change) => {
        const box = aeadSeal(key, text, aad);
        expect(() => aeadOpen(key, box, withByte(aad, at, change))).toThrow(AeadError);
        expect(() => aeadOpen(withByte(key, at, change), box, aad)).toThrow(AeadError);
      }),
    );
  });

  it('in its length is refused', () => {
    const box = aeadSeal(hex(key), hex('010203'), hex(''));
    for (let length = 0; length < box.byteLength; length++)
      expect(() => aeadOpen(hex(key), box.subarray(0, length), hex(''))).toThrow(AeadError);
    expect(() => aeadOpen(hex(key), Uint8Array.of(...box, 0), hex(''))).toThrow(AeadError);
  });
});

describe('a caller that mixes up its arguments', () => {
  it('is told of a key or a nonce of another length', () => {
    const text = hex('00');
    for (const length of [0, 16, 24, 31, 33]) {
      expect(() => aeadSeal(new Uint8Array(length), text, text)).toThrow(RangeError);
      expect(() => aeadOpen(new Uint8Array(length), new Uint8Array(40), text)).toThrow(RangeError);
    }
    for (const length of [0, 8, 11, 13, 16])
      expect(() => aeadSeal(hex(key), text, text, new Uint8Array(length))).toThrow(RangeError);
  });
});
