import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  consistencyProof,
  coveringNodes,
  emptyRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  type NodeSource,
  rootHash,
} from './merkle';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** RFC 6962 §2.1 to the letter: recursive, without our code. */
const hash = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return hash(Buffer.of(0), leaves[0]!);
  const k = split(leaves.length);
  return hash(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...naivePath(m, left), naiveRoot(right)] : [...naivePath(m - k, right), naiveRoot(left)];
}

function naiveProof(m: number, leaves: readonly Buffer[], isWhole = true): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k
    ? [...naiveProof(m, left, isWhole), naiveRoot(right)]
    : [...naiveProof(m - k, right, false), naiveRoot(left)];
}

/** Complete subtrees only, as tiles hold them; anything else is not there. */
function nodesOf(leaves: readonly Uint8Array[]): NodeSource {
  const levels = [leaves.map(leafHash)];
  for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!)
    levels.push(
      Array.from({ length: below.length >> 1 }, (_, i) => nodeHash(below[2 * i]!, below[2 * i + 1]!)),
    );
  return (level, index) => {
    const node = levels[level]?.[index];
    if (!node) throw new Error(`node ${index} of level ${level} is not complete`);
    return node;
  };
}

/** The tree that the implementations of Certificate Transparency are tested with. */
const referenceLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex);
const referenceRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the reference tree of Certificate Transparency', () => {
  const nodes = nodesOf(referenceLeaves);

  it.each(referenceRoots.map((root, size) => ({ root, size })))(
    'of $size leaves has its root',
    ({ root, size }) => {
      expect(toHex(rootHash(nodes, size))).toBe(root);
    },
  );

  it.each([
    { index: 0, size: 1, path: [] },
    {
      index: 5,
      size: 8,
      path: [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    },
    { index: 2, size: 3, path: ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'] },
    {
      index: 1,
      size: 5,
      path: [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    },
  ])('has its audit path of leaf $index in $size', ({ index, size, path }) => {
    expect(inclusionProof(nodes, index, size).map(toHex)).toEqual(path);
  });

  it.each([
    { from: 1, to: 1, proof: [] },
    {
      from: 1,
      to: 8,
      proof: [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    },
    {
      from: 6,
      to: 8,
      proof: [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    },
    {
      from: 2,
      to: 5,
      proof: [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    },
  ])('has its consistency proof from $from to $to', ({ from, to, proof }) => {
    expect(consistencyProof(nodes, from, to).map(toHex)).toEqual(proof);
  });
});

describe('trees of 1 to 70 leaves', () => {
  const all = Array.from({ length: 70 }, (_, i) => Buffer.from(`leaf ${i}`));
  const nodes = nodesOf(all);
  const sizes = all.map((_, i) => i + 1);

  it('have the roots of the recursive definition', () => {
    expect(rootHash(nodes, 0)).toEqual(emptyRoot);
    for (const size of sizes) expect(toHex(rootHash(nodes, size))).toBe(toHex(naiveRoot(all.slice(0, size))));
  });

  it('have the audit paths of the recursive definition, for every leaf', () => {
    for (const size of sizes)
      for (let index = 0; index < size; index++)
        expect(inclusionProof(nodes, index, size).map(toHex)).toEqual(
          naivePath(index, all.slice(0, size)).map(toHex),
        );
  });

  it('have the consistency proofs of the recursive definition, from every smaller size', () => {
    for (const to of sizes)
      for (let from = 1; from <= to; from++)
        expect(consistencyProof(nodes, from, to).map(toHex)).toEqual(
          naiveProof(from, all.slice(0, to)).map(toHex),
        );
  });
});

describe('places that are not in the tree', () => {
  const nodes = nodesOf(referenceLeaves);

  it.each([
    [0, 0],
    [-1, 8],
    [8, 8],
    [NaN, 8],
  ])('leaf %d in %d has no audit path', (index, size) => {
    expect(() => inclusionProof(nodes, index, size)).toThrow(RangeError);
  });

  it.each([
    [0, 8],
    [-1, 8],
    [5, 4],
    [NaN, 8],
  ])('from %d to %d there is no consistency proof', (from, to) => {
    expect(() => consistencyProof(nodes, from, to)).toThrow(RangeError);
  });
});

describe('the nodes that cover a range', () => {
  it('follow each other without a gap, whole and at their places, up to the largest trees', () => {
    const size = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(size, (end) => {
        let at = 0;
        for (const { level, index } of coveringNodes(0, end)) {
          expect(index * 2 ** level).toBe(at);
          at += 2 ** level;
        }
        expect(at).toBe(end);
      }),
    );
  });
});
