/** Addresses of C2SP tlog-tiles: tiles of up to 256 hashes, eight levels of the tree each. */

export const tileWidth = 256;
export const tileHeight = 8;

export interface TileAddress {
  /** Tile level: level L holds the hashes of tree level 8·L. */
  readonly level: number;
  readonly index: number;
  /** Number of hashes or entries: 256 for a full tile, 1–255 for a partial one. */
  readonly width: number;
}

/** `x001/x234/067`, with `.p/<W>` behind it for a partial tile. */
export function formatTileIndex(index: number, width: number = tileWidth): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === tileWidth ? path : `${path}.p/${width}`;
}

const indexPattern = /^((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** @returns undefined when the path is not canonical (leading zero groups, a width of 256 or more) */
export function parseTileIndex(path: string): { index: number; width: number } | undefined {
  const match = indexPattern.exec(path);
  if (!match) return undefined;
  const index = Number((match[1] + match[2]!).replace(/[x/]/g, ''));
  const width = match[3] === undefined ? tileWidth : Number(match[3]);
  const isCanonical = Number.isSafeInteger(index) && formatTileIndex(index, width) === path;
  return isCanonical && width <= tileWidth ? { index, width } : undefined;
}

/** The entry bundle: each entry behind its length (16 bit, big-endian). @throws RangeError above 65,535 bytes */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.byteLength > 0xffff)
      throw new RangeError(`a log entry has at most 65535 bytes, not ${entry.byteLength}`);
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(entry.byteLength);
    return [length, entry];
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** An entry bundle, read as far as it is one. */
export interface EntryBundle {
  readonly entries: readonly Uint8Array[];
  /** Whether the bytes end with the last entry. */
  readonly isWhole: boolean;
}

/** The entries of a bundle; views of its bytes. @param most entries that are read */
export function decodeEntryBundle(bytes: Uint8Array, most: number = tileWidth): EntryBundle {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < most && at + 2 <= bytes.byteLength) {
    const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!;
    if (end > bytes.byteLength) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, isWhole: at === bytes.byteLength };
}

/** Where a log keeps a tile, below its prefix. */
export const tilePath = ({ level, index, width }: TileAddress): string =>
  `tile/${level}/${formatTileIndex(index, width)}`;

/** Where a log keeps a bundle of entries, below its prefix. */
export const entriesPath = (index: number, width: number): string =>
  `tile/entries/${formatTileIndex(index, width)}`;
