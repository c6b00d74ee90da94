import { utf8 } from './bytes';
import { ed25519PublicKey } from './ed25519';
import type { LogFiles } from './log-verify';
import { leafHash } from './merkle';
import { formatCheckpoint, formatVerifierKey, noteSigner, signNote } from './signed-note';
import { joinHashes } from './tile';
import { TileTree } from './tile-tree';
import { encodeEntryBundle, entriesPath, tilePath, tileWidth } from './tlog-tile';

const secretKey = new Uint8Array(32).fill(1);
const signer = noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
export const vkey = formatVerifierKey(signer);

/** As large as those of events. */
export const leafOf = (index: number, history = ''): Uint8Array =>
  utf8(JSON.stringify({ claim: history.padEnd(300, 'c'), id: `bus.0:1:${index}`, v: 1 }));

export const checkpointOf = (tree: TileTree): string =>
  signNote(formatCheckpoint({ origin: signer.name, size: tree.size, root: tree.root() }), signer);

/** A log in memory, laid out as C2SP tlog-tiles says. */
export class MemoryLog implements LogFiles {
  readonly files = new Map<string, Uint8Array>();
  readonly tree: TileTree;

  constructor(readonly leaves: readonly Uint8Array[]) {
    let tree = TileTree.empty;
    for (let first = 0; first < leaves.length; first += tileWidth) {
      const some = leaves.slice(first, first + tileWidth);
      this.files.set(entriesPath(first / tileWidth, some.length), encodeEntryBundle(some));
      const growth = tree.append(some.map(leafHash));
      tree = growth.tree;
      for (const tile of growth.tiles) if (tile.hashes.length === tileWidth) this.#set(tile);
    }
    for (const tile of tree.edge()) this.#set(tile);
    this.tree = tree;
    this.files.set('checkpoint', utf8(checkpointOf(tree)));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path);
  }

  #set({ level, index, hashes }: ReturnType<TileTree['edge']>[number]): void {
    this.files.set(tilePath({ level, index, width: hashes.length }), joinHashes(hashes));
  }
}

/** A log with so many entries. @param forkAt from this entry on it holds another history */
export const memoryLog = (size: number, forkAt = size): MemoryLog =>
  new MemoryLog(Array.from({ length: size }, (_, i) => leafOf(i, i < forkAt ? '' : 'fork')));
