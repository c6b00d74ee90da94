import { verify as nodeVerify } from 'node:crypto';
import { Point, verify as nobleVerify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { ed25519Verify, generateEd25519, publicKeyObject } from './ed25519';
import { groupOrder, isSafeEd25519Key, littleEndian } from './ed25519-encoding';
import { isCurvePoint, portablePublicKey, portableSign, portableVerify } from './ed25519-portable';

const fieldPrime = 2n ** 255n - 19n;
const toBytes = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A point of order 8 and its multiples: all points of small order. */
const order8 = Point.fromBytes(toBytes(0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n));
const smallOrder = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((n) => order8.multiply(n));

/** Every 32 bytes that some decoder reads as one of them: y or y + p, with either sign. */
const encodings = [...new Set(smallOrder.map((point) => point.y))]
  .flatMap((y) => [y, y + fieldPrime])
  .filter((y) => y < 2n ** 255n)
  .flatMap((y) => [y, y + 2n ** 255n])
  .map((value) => ({ name: Buffer.from(toBytes(value)).toString('hex'), bytes: toBytes(value) }));

const secretKey = new Uint8Array(32).fill(7);
const publicKey = portablePublicKey(secretKey);
const messages = Array.from({ length: 64 }, (_, i) => Uint8Array.of(i));
const challenge = (r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint =>
  littleEndian(sha512(join(r, key, message))) % groupOrder;
/** The scalar of `secretKey` (RFC 8032 §5.1.5). */
const scalar = (() => {
  const head = sha512(secretKey).slice(0, 32);
  head[0]! &= 248;
  head[31] = (head[31]! & 127) | 64;
  return littleEndian(head) % groupOrder;
})();

/** What OpenSSL alone makes of it. */
const openssl = (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean =>
  nodeVerify(null, message, publicKeyObject(key), signature);

describe('the points of small order', () => {
  it('are eight different ones, each of which noble multiplies by 8 to the identity', () => {
    expect(new Set(smallOrder.map((point) => point.toHex())).size).toBe(8);
    for (const point of smallOrder) expect(point.multiply(8n).equals(Point.ZERO)).toBe(true);
  });

  it('have fourteen encodings', () => {
    expect(new Set(encodings.map(({ name }) => name)).size).toBe(14);
  });

  it('do not include the base point or an honest key', () => {
    expect(isSafeEd25519Key(Point.BASE.toBytes())).toBe(true);
    expect(isSafeEd25519Key(publicKey)).toBe(true);
  });

  it.each(encodings)('as public key $name are refused, although OpenSSL accepts the forgery', ({ bytes }) => {
    // With S = s and R = s·B the equation holds for everyone as soon as k·A is the identity.
    const s = 5n;
    const signature = join(Point.BASE.multiply(s).toBytes(), toBytes(s));
    expect(messages.some((message) => openssl(signature, message, bytes))).toBe(true);
    for (const message of messages) {
      expect(ed25519Verify(signature, message, bytes)).toBe(false);
      expect(portableVerify(signature, message, bytes)).toBe(false);
    }
    expect(isSafeEd25519Key(bytes)).toBe(false);
  });

  it.each(encodings)('as R $name are refused, although ZIP 215 accepts the signature', ({ bytes }) => {
    // With R of small order and S = k·a the equation holds up to the cofactor: a second form of signature.
    const message = messages[0]!;
    const s = (challenge(bytes, publicKey, message) * scalar) % groupOrder;
    const signature = join(bytes, toBytes(s));
    expect(nobleVerify(signature, message, publicKey)).toBe(true);
    expect(ed25519Verify(signature, message, publicKey)).toBe(false);
    expect(portableVerify(signature, message, publicKey)).toBe(false);
  });

  it('R = identity is refused, although OpenSSL accepts it', () => {
    const identity = toBytes(1n);
    const message = messages[0]!;
    const signature = join(
      identity,
      toBytes((challenge(identity, publicKey, message) * scalar) % groupOrder),
    );
    expect(openssl(signature, message, publicKey)).toBe(true);
    expect(ed25519Verify(signature, message, publicKey)).toBe(false);
  });
});

describe('non-canonical encodings', () => {
  it('y at or above the field prime is refused, in every encoding there is', () => {
    for (let y = fieldPrime; y < 2n ** 255n; y++) {
      expect(isSafeEd25519Key(toBytes(y))).toBe(false);
      expect(isSafeEd25519Key(toBytes(y + 2n ** 255n))).toBe(false);
    }
    expect(isSafeEd25519Key(toBytes(fieldPrime - 2n))).toBe(true);
  });

  it('S with any multiple of the group order added is refused', () => {
    const message = messages[1]!;
    const signature = portableSign(message, secretKey);
    const s = littleEndian(signature.subarray(32));
    expect(ed25519Verify(signature, message, publicKey)).toBe(true);
    for (let n = 1n; n <= 15n; n++) {
      const altered = join(signature.subarray(0, 32), toBytes(s + n * groupOrder));
      expect(ed25519Verify(altered, message, publicKey)).toBe(false);
      expect(portableVerify(altered, message, publicKey)).toBe(false);
    }
  });

  it('the group order is that of the base point by noble', () => {
    expect(groupOrder).toBe(Point.CURVE().n);
    expect(Point.BASE.isTorsionFree()).toBe(true);
  });
});

describe('a key with a part of small order', () => {
  it('gets one verdict from both implementations, where noble.verify would accept every signature', () => {
    const mixedKey = Point.fromBytes(publicKey).add(order8).toBytes();
    const verdicts = messages.map((message) => {
      const r = Point.BASE.multiply(9n).toBytes();
      const k = challenge(r, mixedKey, message);
      const signature = join(r, toBytes((9n + k * scalar) % groupOrder));
      expect(nobleVerify(signature, message, mixedKey, { zip215: false })).toBe(true);
      const verdict = ed25519Verify(signature, message, mixedKey);
      expect(portableVerify(signature, message, mixedKey)).toBe(verdict);
      return verdict;
    });
    expect(new Set(verdicts)).toEqual(new Set([true, false]));
  });
});

describe('an encoding that looks like a key', () => {
  it('is a point of the curve when a key pair made it, and not because it is canonical', () => {
    for (let n = 0; n < 20; n++) expect(isCurvePoint(generateEd25519().publicKey)).toBe(true);
    const offCurve = toBytes(2n);
    expect([isSafeEd25519Key(offCurve), isCurvePoint(offCurve)]).toEqual([true, false]);
    expect(isCurvePoint(new Uint8Array(31))).toBe(false);
  });
});
