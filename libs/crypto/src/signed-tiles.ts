import type { LogFiles } from './log-verify';
import { rootHash } from './merkle';
import type { Checkpoint } from './signed-note';
import { edgeOf, nodesOf, splitHashes, subtreeHash, type Tile, type TileName, tileWidthIn } from './tile';
import { tilePath, tileWidth } from './tlog-tile';

/** Tells which tiles of a log lead up to the root of its checkpoint, and are thus what was signed. */
export class SignedTiles {
  #edge: Promise<boolean> | undefined;

  constructor(
    private readonly files: LogFiles,
    private readonly checkpoint: Checkpoint,
  ) {}

  async has({ level, index }: TileName): Promise<boolean> {
    const tile = await this.#read({ level, index });
    if (!tile) return false;
    if (tile.hashes.length < tileWidth) return (this.#edge ??= this.#isEdgeSigned());
    const above = { level: level + 1, index: Math.floor(index / tileWidth) };
    const parent = await this.#read(above);
    const hash = parent?.hashes[index % tileWidth];
    return hash !== undefined && Buffer.compare(hash, subtreeHash(tile.hashes)) === 0 && this.has(above);
  }

  async #isEdgeSigned(): Promise<boolean> {
    const { size, root } = this.checkpoint;
    const tiles = await Promise.all(edgeOf(size).map((name) => this.#read(name)));
    if (!tiles.every((tile) => tile !== undefined)) return false;
    return Buffer.compare(rootHash(nodesOf(tiles), size), root) === 0;
  }

  async #read({ level, index }: TileName): Promise<Tile | undefined> {
    const width = tileWidthIn(this.checkpoint.size, { level, index });
    const bytes = await this.files.read(tilePath({ level, index, width }));
    return bytes?.byteLength === width * 32 ? { level, index, hashes: splitHashes(bytes) } : undefined;
  }
}
