import { runInNewContext } from 'node:vm';
import { Point, verify as nobleVerify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { concatBytes } from './bytes';
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from './ed25519';
import { groupOrder, isBytes, isSafeEd25519Key, littleEndian } from './ed25519-encoding';
import { portableVerify } from './ed25519-portable';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toBytes = (value: bigint): Uint8Array => hex(value.toString(16).padStart(64, '0')).reverse();
const verifiers = [
  { by: 'node:crypto', verify: ed25519Verify },
  { by: 'noble', verify: portableVerify },
];

const secretKey = new Uint8Array(32).fill(7);
const publicKey = ed25519PublicKey(secretKey);
const message = Uint8Array.of(1, 2, 3);
const signature = ed25519Sign(message, secretKey);
const s = littleEndian(signature.subarray(32));
const withS = (value: bigint): Uint8Array => concatBytes(signature.subarray(0, 32), toBytes(value));

describe.each(verifiers)('a signature altered in its form, by $by', ({ verify }) => {
  it('is accepted when it is not', () => {
    expect(verify(signature, message, publicKey)).toBe(true);
    expect(verify(Buffer.from(signature), Buffer.from(message), Buffer.from(publicKey))).toBe(true);
  });

  it.each([
    ['S + L', withS(s + groupOrder)],
    ['S + 2L', withS(s + 2n * groupOrder)],
    ['L − S', withS(groupOrder - s)],
    ['S = 0', withS(0n)],
    ['S = 1', withS(1n)],
    ['S = L − 1', withS(groupOrder - 1n)],
    ['S = L', withS(groupOrder)],
    ['S = 2²⁵⁶ − 1', withS(2n ** 256n - 1n)],
    ['S with its highest bit', withS(s + 2n ** 255n)],
    ['S in big-endian order', concatBytes(signature.subarray(0, 32), signature.slice(32).reverse())],
    ['R and S changed over', concatBytes(signature.subarray(32), signature.subarray(0, 32))],
    ['the sign of R', signature.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte))],
    ['no bytes', new Uint8Array()],
    ['R alone', signature.subarray(0, 32)],
    ['the last byte cut off', signature.subarray(0, 63)],
    ['a zero appended', concatBytes(signature, Uint8Array.of(0))],
    ['a zero in front', concatBytes(Uint8Array.of(0), signature)],
    ['itself twice', concatBytes(signature, signature)],
    ['its hexadecimal text', new Uint8Array(Buffer.from(Buffer.from(signature).toString('hex')))],
    ['zeros', new Uint8Array(64)],
  ])('is refused: %s', (_, altered) => {
    expect(verify(altered, message, publicKey)).toBe(false);
  });
});

/** A point of order 8; its multiples are all that is of small order. */
const order8 = Point.fromBytes(hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));
const torsion = (n: number): Point => (n === 0 ? Point.ZERO : order8.multiply(BigInt(n)));
const scalar = (() => {
  const head = sha512(secretKey).slice(0, 32);
  head[0]! &= 248;
  head[31] = (head[31]! & 127) | 64;
  return littleEndian(head) % groupOrder;
})();
const fieldPrime = 2n ** 255n - 19n;

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const torsions = fc.oneof(fc.constant(0), fc.nat(7));
const strange = fc.oneof(
  torsions.map((n) => torsion(n).toBytes()),
  fc.bigInt(fieldPrime, 2n ** 256n - 1n).map(toBytes),
  bytes32,
);
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
/** Signatures as somebody makes them who knows the key and wants two verifiers to disagree. */
const forged = fc
  .record({
    nonce: fc.bigInt(1n, groupOrder - 1n),
    torsionOfR: torsions,
    torsionOfKey: torsions,
    strangeR: rarely(strange),
    strangeKey: rarely(strange),
    orders: fc.oneof({ weight: 4, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.bigInt(1n, 15n) }),
    message: fc.uint8Array({ maxLength: 40 }),
  })
  .map((made) => {
    const key = made.strangeKey ?? Point.fromBytes(publicKey).add(torsion(made.torsionOfKey)).toBytes();
    const r = made.strangeR ?? Point.BASE.multiply(made.nonce).add(torsion(made.torsionOfR)).toBytes();
    const k = littleEndian(sha512(concatBytes(r, key, made.message))) % groupOrder;
    const nonce = made.strangeR ? 0n : made.nonce;
    const ofS = ((nonce + k * (made.strangeKey ? 0n : scalar)) % groupOrder) + made.orders * groupOrder;
    return { key, message: made.message, signature: concatBytes(r, toBytes(ofS)), orders: made.orders };
  });

describe('the two implementations', () => {
  it('agree on 2,000 signatures made to divide them, and accept only what ZIP 215 accepts as well', () => {
    const verdicts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(forged, ({ key, message: text, signature: made, orders }) => {
        const verdict = ed25519Verify(made, text, key);
        expect(portableVerify(made, text, key)).toBe(verdict);
        verdicts[verdict ? 'accepted' : 'refused']++;
        if (!verdict) return;
        expect(orders).toBe(0n);
        expect(isSafeEd25519Key(key) && isSafeEd25519Key(made.subarray(0, 32))).toBe(true);
        expect(nobleVerify(made, text, key)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    // Of both there must be many, or the test shows nothing.
    expect(verdicts.accepted).toBeGreaterThan(200);
    expect(verdicts.refused).toBeGreaterThan(500);
  }, 60_000);

  it('agree on 500 honest signatures of random keys', () => {
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 300 }), (secret, text) => {
        const key = ed25519PublicKey(secret);
        const made = ed25519Sign(text, secret);
        expect(ed25519Verify(made, text, key) && portableVerify(made, text, key)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe.each(verifiers)('whatever it is given, by $by', ({ verify }) => {
  const call = verify as (...parts: unknown[]) => boolean;
  const parts: readonly unknown[] = [signature, message, publicKey];

  it('a value that is not bytes is refused without throwing', () => {
    fc.assert(
      fc.property(fc.nat(2), fc.anything({ withBigInt: true, withNullPrototype: true }), (at, value) => {
        expect(call(...parts.map((part, i) => (i === at ? value : part)))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
    expect(call()).toBe(false);
  });

  it('bytes of any length in any place are refused without throwing', () => {
    const bytes = fc.uint8Array({ maxLength: 130 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (...any) => {
        expect(call(...any)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a text is not taken for its bytes', () => {
    const text = Uint8Array.from(Buffer.from('abc'));
    const ofText = ed25519Sign(text, secretKey);
    expect(call(ofText, text, publicKey)).toBe(true);
    expect(call(ofText, 'abc', publicKey)).toBe(false);
  });

  it('what only looks like bytes is refused', () => {
    const throwing = new Proxy(signature, {
      get: () => {
        throw new Error('no');
      },
    });
    const claiming = Object.defineProperty(new Uint16Array(32), Symbol.toStringTag, { value: 'Uint8Array' });
    const others = [[...signature], signature.buffer, new DataView(signature.buffer), new Int8Array(64)];
    for (const odd of [...others, { ...signature, byteLength: 64 }, throwing, claiming, null, undefined])
      expect(call(odd, message, publicKey)).toBe(false);
  });

  it('bytes of another realm are bytes', () => {
    const foreign = runInNewContext('Uint8Array.from(values)', { values: [...signature] }) as Uint8Array;
    expect(isBytes(foreign)).toBe(true);
    expect(call(foreign, message, publicKey)).toBe(true);
  });
});
