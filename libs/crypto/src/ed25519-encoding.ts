/**
 * What Ed25519 signatures and keys may look like before any curve arithmetic: the strict rules that both
 * implementations share, in plain JavaScript.
 */

const fieldPrime = 2n ** 255n - 19n;
/** L of RFC 8032 §5.1, the order of the base point. */
export const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** @param bytes a multiple of 8 bytes */
export function littleEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value = 0n;
  for (let at = bytes.byteLength - 8; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return value;
}

/** The name that every typed array has from the engine, which neither a Proxy nor an own `Symbol.toStringTag` can claim. */
const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)!.get!;

/** A Uint8Array, also of another realm (a Buffer, a frame, a test runner); nothing that merely looks like one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  (typedArrayName.call(value) as string | undefined) === 'Uint8Array';

/**
 * S is below the group order (RFC 8032 §5.1.7), neither the key nor R is of small order or non-canonically encoded, so
 * that a signature has one form and binds one message to one key ("Taming the many EdDSAs", Chalkias et al. 2020, §3).
 */
export const isStrictSignature = (signature: Uint8Array, publicKey: Uint8Array): boolean =>
  isBytes(signature) &&
  signature.byteLength === 64 &&
  isSafeEd25519Key(publicKey) &&
  isSafeEd25519Key(signature.subarray(0, 32)) &&
  littleEndian(signature.subarray(32)) < groupOrder;

/** A canonical encoding of a point that is not of small order. Whether it is on the curve shows when it is used. */
export function isSafeEd25519Key(point: Uint8Array): boolean {
  if (!isBytes(point) || point.byteLength !== 32) return false;
  const y = littleEndian(point) & signMask;
  return y < fieldPrime && !smallOrder.has(y);
}

/** Everything but the sign of x, which is the last bit. */
const signMask = (1n << 255n) - 1n;

/** The y coordinates of the eight points of order 1, 2, 4 and 8. */
const yOfOrder8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, fieldPrime - 1n, yOfOrder8, fieldPrime - yOfOrder8]);
