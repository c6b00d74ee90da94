import { equalConstantTime } from './hash';
import { nodeHash } from './merkle';

/**
 * Checks an audit path (RFC 9162 §2.1.3.2). Sizes are bounded by 2^53; a path of the wrong length is refused.
 * @param leaf hash of the leaf (`leafHash`)
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isTreePosition(index) || !isTreePosition(size) || index >= size) return false;
  if (![leaf, root, ...proof].every(isHash)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalConstantTime(hash, root);
}

/** Checks that the tree (from, fromRoot) is a prefix of the tree (to, toRoot) (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  from: number,
  to: number,
  proof: readonly Uint8Array[],
  fromRoot: Uint8Array,
  toRoot: Uint8Array,
): boolean {
  if (!isTreePosition(from) || !isTreePosition(to) || from < 1 || from > to) return false;
  if (![fromRoot, toRoot, ...proof].every(isHash)) return false;
  if (from === to) return proof.length === 0 && equalConstantTime(fromRoot, toRoot);
  const path = isPowerOfTwo(from) ? [fromRoot, ...proof] : [...proof];
  const start = path.shift();
  if (!start) return false;
  let node = from - 1;
  let last = to - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  let fromHash = start;
  let toHash = start;
  for (const sibling of path) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      fromHash = nodeHash(sibling, fromHash);
      toHash = nodeHash(sibling, toHash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      toHash = nodeHash(toHash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalConstantTime(fromHash, fromRoot) && equalConstantTime(toHash, toRoot);
}

/**
 * A node is the hash of 64 bytes without a mark between left and right. Were other lengths let in, a log could move that
 * mark and prove two histories under one root.
 */
const isHash = (bytes: Uint8Array): boolean => bytes.byteLength === 32;
const isTreePosition = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
const isPowerOfTwo = (n: number): boolean => 2 ** Math.round(Math.log2(n)) === n;
