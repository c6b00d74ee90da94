import { leafHash } from './merkle';
import type { LogFault, LogFiles, LogVerdict } from './log-verify';
import { joinHashes, splitHashes, type Tile, type TileName } from './tile';
import { TileTree } from './tile-tree';
import { decodeEntryBundle, entriesPath, tilePath, tileWidth } from './tlog-tile';
import type { Checkpoint } from './signed-note';
import { SignedTiles } from './signed-tiles';

export interface LogWalkOptions {
  readonly files: LogFiles;
  readonly checkpoint: Checkpoint;
  readonly older: Checkpoint | undefined;
  readonly onEntry: ((index: number, leaf: Uint8Array) => void) | undefined;
  readonly onProgress: ((entries: number, size: number) => void) | undefined;
  /** Called with every bundle: the tree before it, its leaf hashes, and the tree after it. */
  readonly onGrowth?: (before: TileTree, hashes: readonly Uint8Array[], after: TileTree) => Promise<void>;
  /** Bundles that are asked for before they are needed: a server far away answers them together. */
  readonly ahead?: number;
}

export type LogWalkResult = Omit<LogVerdict, 'checkpoint'>;

/** A stored tile that is not the one that the entries hash to. */
interface Difference extends TileName {
  /** The first entry below the first hash that differs. */
  readonly entry: number;
  readonly eventId: string | null;
}

const usualAhead = 16;
const differencesLimit = 1_000;
const faultsLimit = 50;

/** One way through a log, from its first entry to its root. */
export class LogWalk {
  readonly #faults: LogFault[] = [];
  readonly #differences: Difference[] = [];
  readonly #signed: SignedTiles;
  #tree = TileTree.empty;

  constructor(private readonly options: LogWalkOptions) {
    this.#signed = new SignedTiles(options.files, options.checkpoint);
  }

  async run(): Promise<LogWalkResult> {
    const { checkpoint, onProgress, ahead = usualAhead } = this.options;
    const { size } = checkpoint;
    const bundles = Math.ceil(size / tileWidth);
    for await (const [index, bundle, tile] of readAhead(bundles, ahead, (i) => this.#read(i))) {
      const hashes = this.#hash(index, bundle, tile);
      if (!hashes) break;
      await this.#append(hashes);
      onProgress?.(this.#tree.size, size);
    }
    if (this.#tree.size === size) await this.#compareEdge();
    this.#faults.push(...(await this.#explain()));
    this.#faults.sort((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity));
    const faults = this.#faults.slice(0, faultsLimit);
    return { ok: faults.length === 0, entries: this.#tree.size, faults };
  }

  #width(index: number): number {
    return Math.min(tileWidth, this.options.checkpoint.size - index * tileWidth);
  }

  async #read(index: number): Promise<[number, Uint8Array | undefined, Uint8Array | undefined]> {
    const width = this.#width(index);
    const { files } = this.options;
    const [bundle, tile] = await Promise.all([
      files.read(entriesPath(index, width)),
      files.read(tilePath({ level: 0, index, width })),
    ]);
    return [index, bundle, tile];
  }

  /** @returns the leaf hashes of a bundle; those of its tile in place of entries that are gone; undefined when both are */
  #hash(
    index: number,
    bytes: Uint8Array | undefined,
    tile: Uint8Array | undefined,
  ): Uint8Array[] | undefined {
    const [width, first] = [this.#width(index), index * tileWidth];
    const bundle = decodeEntryBundle(bytes ?? new Uint8Array(), width);
    const hashes = bundle.entries.map(leafHash);
    bundle.entries.forEach((leaf, i) => this.options.onEntry?.(first + i, leaf));
    const stored = tile?.byteLength === width * 32 ? splitHashes(tile) : undefined;
    const entry = firstDifference(hashes, stored ?? []);
    if (entry < hashes.length)
      this.#differ({ level: 0, index, entry: first + entry, eventId: idOf(bundle.entries[entry]!) });
    else if (hashes.length < width) {
      const detail = bytes
        ? 'the entry is missing: its bundle ends before it'
        : 'the entry is missing with its bundle';
      this.#faults.push({ kind: 'entry', index: first + entry, eventId: null, detail });
    } else if (!bundle.isWhole) {
      const detail = 'there is something behind the last entry of the bundle';
      const at = { index: first + width - 1, eventId: idOf(bundle.entries.at(-1)!) };
      this.#faults.push({ kind: 'entry', ...at, detail });
    }
    if (hashes.length === width) return hashes;
    return stored && [...hashes, ...stored.slice(hashes.length)];
  }

  async #append(hashes: readonly Uint8Array[]): Promise<void> {
    const before = this.#tree;
    const { older } = this.options;
    const { tree, tiles } = before.append(hashes);
    this.#tree = tree;
    if (older && older.size > before.size && older.size <= tree.size)
      this.#requireContinues(before.append(hashes.slice(0, older.size - before.size)).tree, older);
    await this.options.onGrowth?.(before, hashes, tree);
    for (const tile of tiles)
      if (tile.level > 0 && tile.hashes.length === tileWidth) await this.#compare(tile);
  }

  #requireContinues(tree: TileTree, older: Checkpoint): void {
    if (Buffer.compare(tree.root(), older.root) === 0) return;
    const detail = `the first ${older.size} entries are not those of the older checkpoint: the log was forked`;
    this.#faults.push({ kind: 'history', index: null, eventId: null, detail });
  }

  async #compareEdge(): Promise<void> {
    for (const tile of this.#tree.edge()) if (tile.level > 0) await this.#compare(tile);
  }

  /** Compares a tile above the leaves with the one that is stored. */
  async #compare(tile: Tile): Promise<void> {
    const { level, index, hashes } = tile;
    const stored = await this.options.files.read(tilePath({ level, index, width: hashes.length }));
    if (stored && Buffer.compare(joinHashes(hashes), stored) === 0) return;
    const at = firstDifference(hashes, stored && stored.byteLength % 32 === 0 ? splitHashes(stored) : []);
    const entry = (index * tileWidth + Math.min(at, hashes.length - 1)) * tileWidth ** level;
    this.#differ({ level, index, entry, eventId: null });
  }

  #differ(difference: Difference): void {
    if (this.#differences.length < differencesLimit) this.#differences.push(difference);
  }

  /** What differs between entries and tiles is the fault of the one that does not lead to the root that was signed. */
  async #explain(): Promise<LogFault[]> {
    const { size, root } = this.options.checkpoint;
    const differences = this.#differences.sort((a, b) => a.level - b.level || a.entry - b.entry);
    const isWhole = this.#tree.size === size;
    if (isWhole && Buffer.compare(this.#tree.root(), root) === 0) return differences.map(damagedTile);
    const faults: LogFault[] = [];
    for (const difference of differences) {
      const isNamed = difference.level > 0 && this.#names(difference, faults);
      if (!isNamed && (await this.#signed.has(difference))) faults.push(wrongEntry(difference));
    }
    if (faults.length > 0 || this.#faults.length > 0) return faults;
    const [first] = differences;
    return [first ? neither(first) : { kind: 'root', index: null, eventId: null, detail: anotherLog }];
  }

  /** Whether a fault is known already among the entries that a hash above them stands for. */
  #names({ level, entry }: Difference, faults: readonly LogFault[]): boolean {
    return [...this.#faults, ...faults].some(
      ({ index }) => index !== null && index >= entry && index < entry + tileWidth ** level,
    );
  }
}

const anotherLog = 'entries and tiles agree with each other, but another root than theirs was signed';

const damagedTile = ({ level, index, entry, eventId }: Difference): LogFault => ({
  kind: 'tile',
  ...{ index: entry, eventId },
  detail: `tile ${level}/${index} is damaged or missing; the entries are those that were signed`,
});

const wrongEntry = ({ level, index, entry, eventId }: Difference): LogFault => ({
  kind: 'entry',
  ...{ index: entry, eventId },
  detail:
    level === 0
      ? 'the entry is not the one that was logged'
      : `one of the entries ${entry}–${entry + tileWidth ** level - 1} is not the one that was logged, and its hash was changed with it (tile ${level}/${index} is as signed)`,
});

const neither = ({ entry, eventId }: Difference): LogFault => ({
  kind: 'root',
  ...{ index: entry, eventId },
  detail: 'entries and tiles differ from here on, and neither is what was signed',
});

/** The first place where two lists differ; the length of `a` when nowhere, or when `b` is empty and so is `a`. */
function firstDifference(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const at = a.findIndex((hash, i) => b[i] === undefined || Buffer.compare(hash, b[i]) !== 0);
  return at < 0 ? a.length : at;
}

/** The id in a leaf, which is what the entry says of itself. */
function idOf(leaf: Uint8Array): string | null {
  try {
    const { id } = JSON.parse(Buffer.from(leaf).toString('utf8')) as { id?: unknown };
    return typeof id === 'string' ? id.slice(0, 128) : null;
  } catch {
    return null;
  }
}

/** Reads in order, some before they are needed. */
async function* readAhead<T>(
  count: number,
  ahead: number,
  read: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const begun: Promise<T>[] = [];
  for (let next = 0; begun.length > 0 || next < count;) {
    while (begun.length < ahead && next < count) {
      const reading = read(next++);
      // When the reader leaves early, nobody hears of those that are under way.
      reading.catch(() => undefined);
      begun.push(reading);
    }
    yield await begun.shift()!;
  }
}
