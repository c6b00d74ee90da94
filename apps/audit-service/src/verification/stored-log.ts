import { encodeEntryBundle, type LogFiles, parseTileIndex, tileWidth } from '@concordat/crypto';
import type { AuditStore } from '../store/audit-store';
import { LogEntry, LogTile } from '../log/log-rows';
import type { Faults } from './fault';

/** The tables of the log, as the files of C2SP tlog-tiles. */
export class StoredLog implements LogFiles {
  constructor(
    private readonly store: AuditStore,
    private readonly faults: Faults,
  ) {}

  async read(path: string): Promise<Uint8Array | undefined> {
    const [, level = '', name = ''] = /^tile\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const { index, width } = parseTileIndex(name)!;
    return level === 'entries' ? this.#entries(index, width) : this.#tile(Number(level), index, width);
  }

  /** Entries up to the first that is missing. */
  async #entries(index: number, width: number): Promise<Uint8Array> {
    const first = index * tileWidth;
    const range = { leafIndex: { $gte: first, $lt: first + width } };
    const rows = await this.store.read((em) => em.find(LogEntry, range, { orderBy: { leafIndex: 'asc' } }));
    const gap = rows.findIndex(({ leafIndex }, i) => leafIndex !== first + i);
    const present = gap < 0 ? rows : rows.slice(0, gap);
    for (const { leafIndex, eventId, leaf } of present)
      if (idOf(leaf) !== eventId) {
        const at = { logIndex: leafIndex, eventId };
        this.faults.add({ table: 'log_entries', ...at, detail: 'event_id is not that of the leaf' });
      }
    return encodeEntryBundle(present.map(({ leaf }) => leaf.subarray(0, 0xffff)));
  }

  /** A tile at the right edge may have grown meanwhile; a full one is as it is. */
  async #tile(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    const row = await this.store.read((em) => em.findOne(LogTile, { level, index }));
    return width === tileWidth ? row?.hashes : row?.hashes.slice(0, width * 32);
  }
}

/** What a leaf calls its event. */
export const idOf = (leaf: Uint8Array): string | null => textIn(leaf, 'id');

/** When the event of a leaf happened, which is as sound as the log is. RFC 3339 */
export function timeOf(leaf: Uint8Array): string | null {
  const time = textIn(leaf, 'time');
  return time !== null && Number.isNaN(Date.parse(time)) ? null : time;
}

/** A leaf may have been changed into anything; who reads the log says so. */
function textIn(leaf: Uint8Array, name: string): string | null {
  try {
    const value = (JSON.parse(Buffer.from(leaf).toString('utf8')) as Record<string, unknown> | null)?.[name];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
