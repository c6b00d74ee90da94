import { sha256, sha256Once } from './hash';

/** Merkle tree hashing of RFC 6962 §2.1 (unchanged in RFC 9162). Hashes are 32 bytes. */

const leafPrefix = 0x00;
const nodePrefix = 0x01;
/** What is hashed, behind its prefix. Filled anew each time, so that nothing is allocated. */
const leafBytes = new Uint8Array(0x10000).fill(leafPrefix, 0, 1);
const nodeBytes = new Uint8Array(65).fill(nodePrefix, 0, 1);

export function leafHash(leaf: Uint8Array): Uint8Array {
  if (leaf.byteLength >= leafBytes.byteLength) return sha256(Uint8Array.of(leafPrefix), leaf);
  leafBytes.set(leaf, 1);
  return sha256Once(leafBytes.subarray(0, leaf.byteLength + 1));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.byteLength !== 32 || right.byteLength !== 32)
    return sha256(Uint8Array.of(nodePrefix), left, right);
  nodeBytes.set(left, 1);
  nodeBytes.set(right, 33);
  return sha256Once(nodeBytes);
}
export const emptyRoot: Uint8Array = sha256();

/**
 * Gives the hash of a complete subtree: `level` 0 are leaf hashes, and node `index` of `level` covers the leaves
 * [index·2^level, (index+1)·2^level).
 */
export type NodeSource = (level: number, index: number) => Uint8Array;

/** The complete subtrees that make up leaves [begin, end), left to right. `begin` must be a multiple of the first one's size. */
export function* coveringNodes(begin: number, end: number): Generator<{ level: number; index: number }> {
  let at = begin;
  while (at < end) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    yield { level, index: at / 2 ** level };
    at += 2 ** level;
  }
}

/** MTH of leaves [begin, end), where `begin` is a multiple of the largest power of two below the size. */
export function rangeHash(nodes: NodeSource, begin: number, end: number): Uint8Array {
  const parts = [...coveringNodes(begin, end)].map(({ level, index }) => nodes(level, index));
  if (parts.length === 0) return emptyRoot;
  return parts.reduceRight((right, left) => nodeHash(left, right));
}

/** Root of the tree of `size` leaves. */
export const rootHash = (nodes: NodeSource, size: number): Uint8Array => rangeHash(nodes, 0, size);

/** Largest power of two smaller than `size` (size ≥ 2). */
function split(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/** Audit path of the leaf at `index` in the tree of `size` leaves, from the leaf up (RFC 6962 §2.1.1). */
export function inclusionProof(nodes: NodeSource, index: number, size: number): Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const path: Uint8Array[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + split(end - begin);
    if (index < middle) {
      path.push(rangeHash(nodes, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(nodes, begin, middle));
      begin = middle;
    }
  }
  return path.reverse();
}

/** Proof that the tree of `from` leaves is a prefix of the tree of `to` leaves (RFC 6962 §2.1.2); 0 < from ≤ to. */
export function consistencyProof(nodes: NodeSource, from: number, to: number): Uint8Array[] {
  if (!(from > 0 && from <= to)) throw new RangeError(`no consistency proof from ${from} to ${to}`);
  const proof: Uint8Array[] = [];
  let begin = 0;
  let end = to;
  let isWhole = true;
  while (from !== end) {
    const middle = begin + split(end - begin);
    if (from <= middle) {
      proof.push(rangeHash(nodes, middle, end));
      end = middle;
    } else {
      proof.push(rangeHash(nodes, begin, middle));
      begin = middle;
      isWhole = false;
    }
  }
  if (!isWhole) proof.push(rangeHash(nodes, begin, end));
  return proof.reverse();
}
