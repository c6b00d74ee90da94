import { rootHash } from './merkle';
import { edgeOf, hashesAtLevel, nodesOf, subtreeHash, type Tile } from './tile';
import { tileWidth } from './tlog-tile';

export interface Growth {
  readonly tree: TileTree;
  /** The tiles that are new or wider than before, to be stored. */
  readonly tiles: readonly Tile[];
}

/**
 * The Merkle tree of the log, held by its right edge: at most 255 hashes per tile level, whatever the size of the log.
 * Values never change: a batch that could not be committed leaves the tree that was committed.
 */
export class TileTree {
  static readonly empty = new TileTree(0, []);

  #root: Uint8Array | undefined;

  /** @param partial hashes of the partial tile of each level; a level without one is empty */
  private constructor(
    readonly size: number,
    private readonly partial: readonly (readonly Uint8Array[])[],
  ) {}

  /**
   * @param tiles those that `edgeOf(size)` names; wider ones are cut
   * @throws Error when one is missing or too narrow
   */
  static restore(size: number, tiles: readonly Tile[]): TileTree {
    const edge: (readonly Uint8Array[])[] = [];
    for (const { level, index, width } of edgeOf(size)) {
      const tile = tiles.find((candidate) => candidate.level === level && candidate.index === index);
      const hashes = tile?.hashes.slice(0, width);
      if (hashes?.length !== width) throw new Error(`the log lacks hashes of tile ${level}/${index}`);
      edge[level] = hashes;
    }
    return new TileTree(
      size,
      Array.from(edge, (hashes) => hashes ?? []),
    );
  }

  /** Root of RFC 6962; some hundred hashes, the first time. */
  root(): Uint8Array {
    return (this.#root ??= rootHash(nodesOf(this.edge()), this.size));
  }

  /** @param leafHashes RFC 6962 leaf hashes, in the order of the log */
  append(leafHashes: readonly Uint8Array[]): Growth {
    const full: Tile[] = [];
    const edge = this.partial.map((hashes) => [...hashes]);
    const push = (level: number, index: number, hash: Uint8Array): void => {
      const hashes = (edge[level] ??= []);
      hashes.push(hash);
      if (hashes.length < tileWidth) return;
      full.push({ level, index, hashes });
      edge[level] = [];
      push(level + 1, Math.floor(index / tileWidth), subtreeHash(hashes));
    };
    leafHashes.forEach((hash, i) => push(0, Math.floor((this.size + i) / tileWidth), hash));
    const tree = new TileTree(this.size + leafHashes.length, edge);
    const wider = tree.edge().filter(({ level }) => this.#grew(tree, level));
    return { tree, tiles: [...full, ...wider] };
  }

  /** The partial tiles at the right edge. */
  edge(): Tile[] {
    return edgeOf(this.size).map(({ level, index }) => ({ level, index, hashes: this.partial[level]! }));
  }

  #grew(tree: TileTree, level: number): boolean {
    return hashesAtLevel(tree.size, level) > hashesAtLevel(this.size, level);
  }
}
