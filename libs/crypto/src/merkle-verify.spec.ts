import fc from 'fast-check';
import { consistencyProof, inclusionProof, leafHash, nodeHash, type NodeSource, rootHash } from './merkle';
import { verifyConsistency, verifyInclusion } from './merkle-verify';

const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const leaves = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const nodes: NodeSource = (level, index) =>
  level === 0 ? leaves[index]! : nodeHash(nodes(level - 1, 2 * index), nodes(level - 1, 2 * index + 1));
const roots = leaves.map((_, i) => rootHash(nodes, i + 1));
const rootOf = (size: number): Uint8Array => roots[size - 1]!;

const pair = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.nat(299))
  .map(([size, n]) => ({ size, index: n % size }));
const change = fc.record({ at: fc.nat(), difference: fc.integer({ min: 1, max: 255 }) });
type Change = { at: number; difference: number };
const changed = (hash: Uint8Array, { at, difference }: Change): Uint8Array =>
  hash.map((byte, i) => (i === at % hash.length ? byte ^ difference : byte));

/** Every proof that differs in one thing: a changed, dropped, doubled or swapped hash, or one of another length. */
function altered(proof: readonly Uint8Array[], how: Change): Uint8Array[][] {
  const each = proof.flatMap((hash, i) => [
    proof.with(i, changed(hash, how)),
    proof.with(i, hash.subarray(1)),
    proof.with(i, join(hash, Uint8Array.of(0))),
    proof.toSpliced(i, 1),
    proof.toSpliced(i, 0, hash),
    ...(i > 0 ? [proof.with(i, proof[i - 1]!).with(i - 1, hash)] : []),
  ]);
  return [...each, [...proof, leaves[0]!], [leaves[0]!, ...proof]];
}

describe('an audit path', () => {
  it('is accepted for its leaf, index, size and root', () => {
    for (let size = 1; size <= 70; size++)
      for (let index = 0; index < size; index++)
        expect(
          verifyInclusion(leaves[index]!, index, size, inclusionProof(nodes, index, size), rootOf(size)),
        ).toBe(true);
  });

  it('is refused after any change of a hash of it, of the leaf or of the root', () => {
    fc.assert(
      fc.property(pair, change, ({ size, index }, how) => {
        const leaf = leaves[index]!;
        const proof = inclusionProof(nodes, index, size);
        expect(verifyInclusion(leaf, index, size, proof, rootOf(size))).toBe(true);
        expect(verifyInclusion(changed(leaf, how), index, size, proof, rootOf(size))).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof, changed(rootOf(size), how))).toBe(false);
        for (const other of altered(proof, how))
          expect(verifyInclusion(leaf, index, size, other, rootOf(size))).toBe(false);
      }),
    );
  });

  it('is refused for every other index of the tree', () => {
    for (let size = 2; size <= 24; size++)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(nodes, index, size);
        for (let other = 0; other < size; other++)
          expect(verifyInclusion(leaves[index]!, other, size, proof, rootOf(size))).toBe(other === index);
      }
  });

  it('is refused for the tree of another size', () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: 1, max: 300 }), ({ size, index }, other) => {
        fc.pre(other !== size);
        const proof = inclusionProof(nodes, index, size);
        expect(verifyInclusion(leaves[index]!, index, other, proof, rootOf(other))).toBe(false);
      }),
    );
  });

  it.each([
    [0, 0],
    [8, 8],
    [-1, 8],
    [1.5, 8],
    [NaN, 8],
    [0, Infinity],
    [0, 2 ** 53],
  ])('is refused for leaf %d in a tree of %d', (index, size) => {
    expect(verifyInclusion(leaves[0]!, index, size, inclusionProof(nodes, 0, 8), rootOf(8))).toBe(false);
  });

  it('that is longer than its tree is high is refused, even under the root it leads to', () => {
    const [leaf, sibling] = [leaves[0]!, leaves[1]!];
    expect(verifyInclusion(leaf, 0, 1, [sibling], nodeHash(sibling, leaf))).toBe(false);
    expect(verifyInclusion(leaf, 0, 1, [sibling], nodeHash(leaf, sibling))).toBe(false);
  });

  it('that is shorter than its tree is high is refused, even under the root it leads to', () => {
    const [leaf, sibling] = [leaves[0]!, leaves[1]!];
    expect(verifyInclusion(leaf, 0, 3, [sibling], nodeHash(leaf, sibling))).toBe(false);
    expect(verifyInclusion(leaf, 0, 2, [], leaf)).toBe(false);
  });

  it('holds in a tree as large as numbers are exact', () => {
    const size = Number.MAX_SAFE_INTEGER;
    const siblings = Array.from({ length: 53 }, () => leaves[0]!);
    const root = siblings.reduce((hash, sibling) => nodeHash(hash, sibling), leaves[1]!);
    expect(verifyInclusion(leaves[1]!, 0, size, siblings, root)).toBe(true);
    expect(verifyInclusion(leaves[1]!, 2, size, siblings, root)).toBe(false);
  });
});

describe('a consistency proof', () => {
  const sizes = fc
    .tuple(fc.integer({ min: 2, max: 300 }), fc.nat(299))
    .map(([to, n]) => ({ to, from: 1 + (n % (to - 1)) }));

  it('is accepted for its sizes and roots', () => {
    for (let to = 1; to <= 70; to++)
      for (let from = 1; from <= to; from++)
        expect(verifyConsistency(from, to, consistencyProof(nodes, from, to), rootOf(from), rootOf(to))).toBe(
          true,
        );
  });

  it('is refused after any change of a hash of it or of a root', () => {
    fc.assert(
      fc.property(sizes, change, ({ from, to }, how) => {
        const proof = consistencyProof(nodes, from, to);
        expect(verifyConsistency(from, to, proof, rootOf(from), rootOf(to))).toBe(true);
        expect(verifyConsistency(from, to, proof, changed(rootOf(from), how), rootOf(to))).toBe(false);
        expect(verifyConsistency(from, to, proof, rootOf(from), changed(rootOf(to), how))).toBe(false);
        for (const other of altered(proof, how))
          expect(verifyConsistency(from, to, other, rootOf(from), rootOf(to))).toBe(false);
      }),
    );
  });

  it('is refused for the trees of other sizes', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 300 }), ({ from, to }, other) => {
        const proof = consistencyProof(nodes, from, to);
        if (other !== from)
          expect(verifyConsistency(other, to, proof, rootOf(other), rootOf(to))).toBe(false);
        if (other !== to)
          expect(verifyConsistency(from, other, proof, rootOf(from), rootOf(other))).toBe(false);
      }),
    );
  });

  it('that is longer or shorter than its tree is high is refused, even under the roots it leads to', () => {
    const proof = consistencyProof(nodes, 3, 4);
    const extra = leaves[9]!;
    const [from, to] = [nodeHash(extra, rootOf(3)), nodeHash(extra, rootOf(4))];
    expect(verifyConsistency(3, 4, [...proof, extra], from, to)).toBe(false);
    expect(verifyConsistency(3, 4, proof.slice(0, 1), leaves[2]!, leaves[2]!)).toBe(false);
    expect(verifyConsistency(3, 4, [], rootOf(3), rootOf(4))).toBe(false);
    expect(verifyConsistency(4, 8, [], rootOf(4), rootOf(4))).toBe(false);
  });

  it('between equal sizes is empty, and the roots are the same', () => {
    expect(verifyConsistency(7, 7, [], rootOf(7), rootOf(7))).toBe(true);
    expect(verifyConsistency(7, 7, [], rootOf(7), rootOf(8))).toBe(false);
    expect(verifyConsistency(7, 7, [leaves[0]!], rootOf(7), rootOf(7))).toBe(false);
  });

  it.each([
    [0, 8],
    [-1, 8],
    [9, 8],
    [1.5, 8],
    [NaN, 8],
    [1, 2 ** 53],
  ])('is refused from %d to %d', (from, to) => {
    expect(verifyConsistency(from, to, consistencyProof(nodes, 1, 8), rootOf(1), rootOf(8))).toBe(false);
  });
});

describe('a log that moves the mark between left and right', () => {
  // The tree of 3 leaves ends in leaf 2; the "tree" of 4 has another leaf there, under a root that begins with the
  // same 64 bytes. Only the length of the hashes in the proofs tells.
  const [left, right] = [nodeHash(leaves[0]!, leaves[1]!), leaves[2]!];
  const [newLeaf, lastLeaf] = [leaves[100]!, leaves[3]!];
  const forgedRoot = nodeHash(join(left, right), nodeHash(newLeaf, lastLeaf));

  it('cannot prove that the rewritten tree extends the old one', () => {
    const proof = [new Uint8Array(0), join(newLeaf, lastLeaf), join(left, right)];
    expect(nodeHash(join(left, right), new Uint8Array(0))).toEqual(rootOf(3));
    expect(verifyConsistency(3, 4, proof, rootOf(3), forgedRoot)).toBe(false);
  });

  it('cannot prove that the rewritten leaf is in the new tree', () => {
    expect(verifyInclusion(newLeaf, 2, 4, [lastLeaf, join(left, right)], forgedRoot)).toBe(false);
  });

  it('cannot pass off an inner node as a leaf of another length', () => {
    expect(verifyInclusion(new Uint8Array(0), 0, 2, [join(leaves[0]!, leaves[1]!)], rootOf(2))).toBe(false);
  });
});
