import {
  consistencyProof,
  coveringNodes,
  encodeEntryBundle,
  inclusionProof,
  joinHashes,
  nodesOf,
  type NodeSource,
  splitHashes,
  type Tile,
  type TileName,
  tilesFor,
  tileWidth,
} from '@concordat/crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { LogCheckpoint, LogEntry, LogTile } from './log-rows';

/** Leaves from `begin` up to and without `end`. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** The tiles of these names, as far as they exist. */
export async function readTiles(em: EntityManager, names: readonly TileName[]): Promise<Tile[]> {
  if (names.length === 0) return [];
  const where = { $or: names.map(({ level, index }) => ({ level, index })) };
  const rows = await em.find(LogTile, where);
  return rows.map(({ level, index, hashes }) => ({ level, index, hashes: splitHashes(hashes) }));
}

/**
 * Reads the published part of the log. Callers ask only for what a signed checkpoint covers; what is missing then was
 * lost by the store, and is an error.
 */
export class LogReader {
  constructor(private readonly store: AuditStore) {}

  /** Audit path of a leaf, from the leaf up (RFC 6962 §2.1.1). */
  inclusionProof(index: number, size: number): Promise<Uint8Array[]> {
    return this.#compute((nodes) => inclusionProof(nodes, index, size));
  }

  /** RFC 6962 §2.1.2 */
  consistencyProof(from: number, to: number): Promise<Uint8Array[]> {
    return this.#compute((nodes) => consistencyProof(nodes, from, to));
  }

  /** Hashes of the complete subtrees that make up each of these ranges of leaves, left to right. */
  subtrees(ranges: readonly LeafRange[]): Promise<Uint8Array[][]> {
    return this.#compute((nodes) =>
      ranges.map(({ begin, end }) =>
        [...coveringNodes(begin, end)].map(({ level, index }) => nodes(level, index)),
      ),
    );
  }

  /** The first `width` hashes of a tile, as C2SP tlog-tiles serves them. */
  async tile(name: TileName, width: number): Promise<Uint8Array> {
    const [tile] = await this.store.read((em) => readTiles(em, [name]));
    if ((tile?.hashes.length ?? 0) < width) throw new Error(`the log lacks tile ${name.level}/${name.index}`);
    return joinHashes(tile!.hashes.slice(0, width));
  }

  /** The first `width` entries of a bundle, each behind its length, as C2SP tlog-tiles serves them. */
  async entries(index: number, width: number): Promise<Uint8Array> {
    const first = index * tileWidth;
    const range = { leafIndex: { $gte: first, $lt: first + width } };
    const rows = await this.store.read((em) => em.find(LogEntry, range, { orderBy: { leafIndex: 'asc' } }));
    if (rows.length !== width) throw new Error(`the log lacks entries from ${first} on`);
    return encodeEntryBundle(rows.map(({ leaf }) => leaf));
  }

  /** The place of an event. @returns undefined when it is not in the log */
  async indexOf(eventId: string): Promise<number | undefined> {
    const row = await this.store.read((em) => em.findOne(LogEntry, { eventId }, { fields: ['leafIndex'] }));
    return row?.leafIndex;
  }

  async leaf(index: number): Promise<Uint8Array> {
    const row = await this.store.read((em) => em.findOne(LogEntry, { leafIndex: index }));
    if (!row) throw new Error(`the log lacks entry ${index}`);
    return row.leaf;
  }

  async leaves(indexes: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    if (indexes.length === 0) return new Map();
    const where = { leafIndex: { $in: [...indexes] } };
    const rows = await this.store.read((em) => em.find(LogEntry, where));
    if (rows.length !== indexes.length) throw new Error(`the log lacks entries among ${indexes.join(', ')}`);
    return new Map(rows.map(({ leafIndex, leaf }) => [leafIndex, leaf]));
  }

  /** The note of the checkpoint of this size. */
  async checkpoint(size: number): Promise<string> {
    const row = await this.store.read((em) => em.findOne(LogCheckpoint, { size }));
    if (!row) throw new Error(`the log lacks its checkpoint of ${size}`);
    return row.note;
  }

  async #compute<T>(compute: (nodes: NodeSource) => T): Promise<T> {
    const tiles = await this.store.read((em) => readTiles(em, tilesFor(compute)));
    return compute(nodesOf(tiles));
  }
}
