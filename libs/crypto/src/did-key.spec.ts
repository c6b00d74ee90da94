import { base58 } from '@scure/base';
import fc from 'fast-check';
import { fromDidKey, fromMultibaseKey, parsePublicKey, toDidKey, toMultibaseKey } from './did-key';
import { ed25519PublicKey } from './ed25519';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const multibase = (bytes: Uint8Array): string => `z${base58.encode(bytes)}`;

/** Seeds 0 to 4 of the Ed25519 vectors of the did:key method; recomputed with Python (cryptography, own base58). */
const vectors = [
  { seed: 0, did: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' },
  { seed: 1, did: 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG' },
  { seed: 2, did: 'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf' },
  { seed: 3, did: 'did:key:z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ' },
  { seed: 4, did: 'did:key:z6MkwW6aqMnjgrhJXFUko3NnZPGzVpkNzhYK7yEhnsibmLwL' },
];

const publicKeys = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((secretKey) => ed25519PublicKey(secretKey));
const someKey = ed25519PublicKey(new Uint8Array(32));
const someDid = vectors[0]!.did;

describe('did:key of an Ed25519 key', () => {
  it.each(vectors)('seed $seed of the published vectors gives $did', ({ seed, did }) => {
    const secretKey = new Uint8Array(32);
    secretKey[31] = seed;
    const publicKey = ed25519PublicKey(secretKey);
    expect(toDidKey(publicKey)).toBe(did);
    expect(fromDidKey(did)).toEqual(publicKey);
  });

  it('the example of the specification names its key (decoded with Python)', () => {
    expect(fromDidKey('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK')).toEqual(
      hex('2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6'),
    );
  });

  it.each([
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH',
    'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG',
  ])('%s of the specification is read and written the same', (did) => {
    expect(toDidKey(fromDidKey(did)!)).toBe(did);
  });

  it('the key of seed 0 is the published one', () => {
    expect(base58.encode(someKey)).toBe('4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS');
    expect(fromDidKey(someDid)).toEqual(someKey);
  });

  it('comes back as the key that went in', () => {
    fc.assert(
      fc.property(publicKeys, (publicKey) => {
        expect(fromDidKey(toDidKey(publicKey))).toEqual(publicKey);
        expect(parsePublicKey(toMultibaseKey(publicKey))).toEqual(publicKey);
        expect(parsePublicKey(Buffer.from(publicKey).toString('hex').toUpperCase())).toEqual(publicKey);
      }),
    );
  });

  it('has one text only: whatever is read is written the same', () => {
    const nearlyDid = fc
      .tuple(fc.nat(someDid.length - 1), fc.string({ minLength: 0, maxLength: 2 }))
      .map(([at, text]) => someDid.slice(0, at) + text + someDid.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyDid), (text) => {
        const key = fromDidKey(text);
        expect(key === undefined || toDidKey(key) === text).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('a key of another length is refused when written', () => {
    for (const length of [0, 31, 33]) expect(() => toDidKey(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe('texts that are not a did:key of a safe Ed25519 key', () => {
  const withCodec = (...codec: number[]): string =>
    `did:key:${multibase(Uint8Array.of(...codec, ...someKey))}`;

  it.each([
    ['the X25519 codec', withCodec(0xec, 0x01)],
    ['the secp256k1 codec', withCodec(0xe7, 0x01)],
    ['the P-256 codec', withCodec(0x80, 0x24)],
    ['the Ed25519 secret key codec', withCodec(0x80, 0x26)],
    ['a longer varint of the same codec', withCodec(0xed, 0x81, 0x00)],
    ['no codec', withCodec()],
    ['a leading zero byte', withCodec(0, 0xed, 0x01)],
    ['a leading zero digit', someDid.replace('did:key:z', 'did:key:z1')],
    ['a trailing byte', `did:key:${multibase(Uint8Array.of(0xed, 0x01, ...someKey, 0))}`],
    ['a missing byte', `did:key:${multibase(Uint8Array.of(0xed, 0x01, ...someKey.subarray(1)))}`],
    ['another multibase', someDid.replace('did:key:z', 'did:key:m')],
    ['no multibase', someDid.replace('did:key:z', 'did:key:')],
    ['another method', someDid.replace('did:key:', 'did:web:')],
    ['a capital scheme', someDid.replace('did:', 'DID:')],
    ['a digit that base58 leaves out', someDid.replace('6Mk', '6M0')],
    ['a fragment', `${someDid}#key`],
    ['a space in front', ` ${someDid}`],
    ['a newline behind', `${someDid}\n`],
    ['ten thousand digits', `did:key:z${'6'.repeat(10_000)}`],
    ['nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(fromDidKey(text)).toBeUndefined();
    expect(fromMultibaseKey(text.replace('did:key:', ''))).toBeUndefined();
  });

  it.each([
    ['the identity', `01${'00'.repeat(31)}`],
    ['a point of order 4', '00'.repeat(32)],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['a y at the field prime', `ed${'ff'.repeat(30)}7f`],
  ])('%s is refused as a key', (_, key) => {
    expect(fromMultibaseKey(toMultibaseKey(hex(key)))).toBeUndefined();
    expect(parsePublicKey(key)).toBeUndefined();
  });

  it('hex of another length or with other digits is refused', () => {
    const text = Buffer.from(someKey).toString('hex');
    for (const altered of [text.slice(1), `${text}0`, `0x${text}`, `${text.slice(1)}g`, `${text}\n`])
      expect(parsePublicKey(altered)).toBeUndefined();
  });
});
