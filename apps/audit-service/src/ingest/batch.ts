import { comparePositions, type EventEnvelope } from '@concordat/contracts';
import type { Cursors } from '../log/covered';
import type { Entry } from './admission';

/** Entries of all sources, in the order of each. */
export const entriesOf = (bySource: ReadonlyMap<string, readonly EventEnvelope[]>): Entry[] =>
  [...bySource].flatMap(([source, envelopes]) => envelopes.map((envelope) => ({ source, envelope })));

/** Those that come after what is in the log. */
export const entriesAfter = (entries: readonly Entry[], cursors: Cursors): Entry[] =>
  entries.filter(({ source, envelope }) => {
    const cursor = cursors.get(source);
    return cursor === undefined || comparePositions(envelope.at, cursor) > 0;
  });

/** The cursors after these entries. */
export const cursorsAfter = (entries: readonly Entry[]): Cursors =>
  new Map(entries.map(({ source, envelope }) => [source, envelope.at]));

/** As many from the front as one transaction takes; at least one, if there is any. */
export function firstBatch(entries: readonly Entry[], maxEntries: number, maxBytes: number): Entry[] {
  let bytes = 0;
  let count = 0;
  for (const { envelope } of entries.slice(0, maxEntries)) {
    bytes += envelope.data.length;
    if (count > 0 && bytes > maxBytes) break;
    count++;
  }
  return entries.slice(0, count);
}
