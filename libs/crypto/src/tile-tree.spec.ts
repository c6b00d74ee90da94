import fc from 'fast-check';
import { toBase64url, utf8 } from './bytes';
import { consistencyProof, inclusionProof, leafHash, nodeHash, rootHash } from './merkle';
import { verifyConsistency, verifyInclusion } from './merkle-verify';
import { edgeOf, joinHashes, nodesOf, splitHashes, type Tile, tilesFor, tileWidthIn } from './tile';
import { TileTree } from './tile-tree';
import { tileWidth } from './tlog-tile';

const leaves = Array.from({ length: 70_000 }, (_, i) => leafHash(utf8(`leaf ${i}`)));

/** RFC 6962 §2.1 to the letter: recursive, over all leaves, without tiles. */
function naiveRoot(begin: number, end: number): Uint8Array {
  if (end - begin === 1) return leaves[begin]!;
  const middle = begin + 2 ** Math.ceil(Math.log2(end - begin) - 1);
  return nodeHash(naiveRoot(begin, middle), naiveRoot(middle, end));
}

/** The table of tiles, as the store keeps it: the widest version of each. */
class TileTable {
  readonly tiles = new Map<string, Tile>();
  tree = TileTree.empty;

  append(count: number): void {
    const { tree, tiles } = this.tree.append(leaves.slice(this.tree.size, this.tree.size + count));
    for (const tile of tiles) this.tiles.set(`${tile.level}/${tile.index}`, tile);
    this.tree = tree;
  }

  edge(): Tile[] {
    return edgeOf(this.tree.size).map(({ level, index }) => this.tiles.get(`${level}/${index}`)!);
  }
}

const text = (bytes: Uint8Array): string => toBase64url(bytes);

describe('a tree in tiles', () => {
  it('has the root of RFC 6962 at every size from 1 to 700, grown one by one', () => {
    const table = new TileTable();
    for (let size = 1; size <= 700; size++) {
      table.append(1);
      expect(text(table.tree.root())).toBe(text(naiveRoot(0, size)));
    }
  });

  it('is the same however it was cut into batches, and whenever it was read back from its tiles', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (batches, restarts) => {
        const table = new TileTable();
        for (const batch of batches) {
          table.append(batch);
          if (restarts) table.tree = TileTree.restore(table.tree.size, table.edge());
        }
        const { size } = table.tree;
        fc.pre(size > 0);
        expect(text(table.tree.root())).toBe(text(naiveRoot(0, size)));
        expect(text(rootHash(nodesOf(table.tiles.values()), size))).toBe(text(naiveRoot(0, size)));
      }),
      { numRuns: 60 },
    );
  });

  it('reaches the third level of tiles', () => {
    const table = new TileTable();
    table.append(65_535);
    expect(table.tiles.has('2/0')).toBe(false);
    table.append(1);
    expect(table.tiles.get('2/0')?.hashes).toHaveLength(1);
    table.append(4_464);
    expect(text(table.tree.root())).toBe(text(naiveRoot(0, 70_000)));
  });

  it('stores a full tile once, and touches only the edge', () => {
    const table = new TileTable();
    table.append(600);
    const { tiles } = table.tree.append(leaves.slice(600, 610));
    expect(tiles.map(({ level, index, hashes }) => [level, index, hashes.length])).toEqual([[0, 2, 98]]);
  });

  it('is left as it was by a batch that is thrown away', () => {
    const table = new TileTable();
    table.append(300);
    const before = text(table.tree.root());
    table.tree.append(leaves.slice(300, 900));
    expect(text(table.tree.root())).toBe(before);
    expect(table.tree.size).toBe(300);
  });

  it('is not read back from tiles that are missing or too narrow', () => {
    const table = new TileTable();
    table.append(300);
    expect(() => TileTree.restore(300, table.edge().slice(1))).toThrow('0/1');
    expect(() => TileTree.restore(301, table.edge())).toThrow('0/1');
  });
});

describe('proofs out of tiles', () => {
  const table = new TileTable();
  beforeAll(() => table.append(700));

  /** Only the tiles that were announced, as a query would bring them. */
  const nodesFor = (compute: Parameters<typeof tilesFor>[0]) =>
    nodesOf(tilesFor(compute).map(({ level, index }) => table.tiles.get(`${level}/${index}`)!));

  it('show every leaf of every smaller tree, although the tiles have grown since', () => {
    const place = fc
      .integer({ min: 1, max: 700 })
      .chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));
    fc.assert(
      fc.property(place, ([index, size]) => {
        const proof = inclusionProof(
          nodesFor((nodes) => inclusionProof(nodes, index, size)),
          index,
          size,
        );
        expect(verifyInclusion(leaves[index]!, index, size, proof, naiveRoot(0, size))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('show that every smaller tree is a prefix of every larger one', () => {
    const pair = fc
      .integer({ min: 1, max: 700 })
      .chain((to) => fc.tuple(fc.integer({ min: 1, max: to }), fc.constant(to)));
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const proof = consistencyProof(
          nodesFor((nodes) => consistencyProof(nodes, from, to)),
          from,
          to,
        );
        expect(verifyConsistency(from, to, proof, naiveRoot(0, from), naiveRoot(0, to))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('need few tiles', () => {
    expect(tilesFor((nodes) => inclusionProof(nodes, 123_456_789, 987_654_321)).length).toBeLessThan(10);
  });
});

describe('the width of a tile', () => {
  it('is that of C2SP tlog-tiles: full, partial, or none at all', () => {
    // The example of the specification: a tree of 70,000 leaves.
    expect(tileWidthIn(70_000, { level: 0, index: 272 })).toBe(tileWidth);
    expect(tileWidthIn(70_000, { level: 0, index: 273 })).toBe(112);
    expect(tileWidthIn(70_000, { level: 0, index: 274 })).toBe(0);
    expect(tileWidthIn(70_000, { level: 1, index: 1 })).toBe(17);
    expect(tileWidthIn(70_000, { level: 2, index: 0 })).toBe(1);
    expect(tileWidthIn(70_000, { level: 3, index: 0 })).toBe(0);
    expect(edgeOf(70_000).map(({ level, index, width }) => [level, index, width])).toEqual([
      [0, 273, 112],
      [1, 1, 17],
      [2, 0, 1],
    ]);
    expect(edgeOf(0)).toEqual([]);
  });
});

describe('the hashes of a tile', () => {
  it('come back from their bytes', () => {
    const hashes = leaves.slice(0, 3);
    expect(splitHashes(joinHashes(hashes)).map(text)).toEqual(hashes.map(text));
    expect(() => splitHashes(new Uint8Array(33))).toThrow('whole hashes');
  });
});
