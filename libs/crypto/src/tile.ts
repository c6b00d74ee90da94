import { nodeHash, type NodeSource } from './merkle';
import { tileHeight, tileWidth } from './tlog-tile';

/**
 * A tile of the Merkle tree (C2SP tlog-tiles): up to 256 neighbouring hashes of tree level 8·`level`. A partial tile is
 * the beginning of the full one, so the widest version that is stored contains all narrower ones.
 */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
}

export interface TileName {
  readonly level: number;
  readonly index: number;
}

const hashBytes = 32;

/** Tile levels of the largest tree that a safe integer can count: 256^7 > 2^53. */
const tileLevels = 7;

/** How many hashes of a tile level a tree of `size` leaves has. */
export const hashesAtLevel = (size: number, level: number): number => Math.floor(size / tileWidth ** level);

/** How many hashes a tile holds in a tree of `size` leaves: 0 when there is no such tile. */
export const tileWidthIn = (size: number, { level, index }: TileName): number =>
  Math.max(0, Math.min(tileWidth, hashesAtLevel(size, level) - index * tileWidth));

/** The partial tiles at the right edge of a tree of `size` leaves; full tiles never change again. */
export function edgeOf(size: number): (TileName & { readonly width: number })[] {
  return Array.from({ length: tileLevels }, (_, level) => {
    const index = Math.floor(hashesAtLevel(size, level) / tileWidth);
    return { level, index, width: tileWidthIn(size, { level, index }) };
  }).filter(({ width }) => width > 0);
}

/** RFC 6962 hash of a complete subtree. @param hashes as many as a power of two */
export function subtreeHash(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const below = row;
    row = Array.from({ length: below.length / 2 }, (_, i) => nodeHash(below[2 * i]!, below[2 * i + 1]!));
  }
  return row[0]!;
}

/** Where the hash of a complete subtree is found: in which tile, from which hash on, over how many. */
function placeOf(treeLevel: number, index: number): TileName & { first: number; count: number } {
  const level = Math.floor(treeLevel / tileHeight);
  const count = 2 ** (treeLevel % tileHeight);
  const first = index * count;
  return { level, index: Math.floor(first / tileWidth), first: first % tileWidth, count };
}

const nameOf = ({ level, index }: TileName): string => `${level}/${index}`;

/** Reads the tree out of tiles. @throws Error when a tile is missing or too narrow: the store lost it */
export function nodesOf(tiles: Iterable<Tile>): NodeSource {
  const byName = new Map([...tiles].map((tile) => [nameOf(tile), tile.hashes]));
  return (treeLevel, treeIndex) => {
    const { first, count, ...name } = placeOf(treeLevel, treeIndex);
    const hashes = byName.get(nameOf(name))?.slice(first, first + count);
    if (hashes?.length !== count) throw new Error(`the log lacks hashes of tile ${nameOf(name)}`);
    return subtreeHash(hashes);
  };
}

/**
 * The tiles that a computation over the tree reads, so that they can be fetched with one query before it.
 * @param compute which nodes it asks for must not depend on their values; true of all proofs and roots
 */
export function tilesFor(compute: (nodes: NodeSource) => unknown): TileName[] {
  const names = new Map<string, TileName>();
  const nowhere = new Uint8Array(hashBytes);
  compute((treeLevel, treeIndex) => {
    const { level, index } = placeOf(treeLevel, treeIndex);
    names.set(nameOf({ level, index }), { level, index });
    return nowhere;
  });
  return [...names.values()];
}

/** The stored form of the hashes of a tile, which is also its published form. */
export const joinHashes = (hashes: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(hashes));

/** @throws Error when the bytes are not whole hashes */
export function splitHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.byteLength % hashBytes !== 0) throw new Error('a stored tile does not hold whole hashes');
  return Array.from({ length: bytes.byteLength / hashBytes }, (_, i) =>
    bytes.subarray(i * hashBytes, (i + 1) * hashBytes),
  );
}
