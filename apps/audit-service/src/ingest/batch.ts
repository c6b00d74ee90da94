import { comparePositions, type EventEnvelope } from '@concordat/contracts';
import type { Cursors } from '../log/covered';
import type { Entry } from './admission';

/** Entries of all sources, in the order of each. */
export const entriesOf = (bySource: ReadonlyMap<string, readonly EventEnvelope[]>): Entry[] =>
  [...bySource].flatMap(([source, envelopes]) => envelopes.map((envelope) => ({ source, envelope })));

/** Those that come after what is in the log. */
export const entriesAfter = <E extends Entry>(entries: readonly E[], cursors: Cursors): E[] =>
  entries.filter(({ source, envelope }) => {
    const cursor = cursors.get(source);
    return cursor === undefined || comparePositions(envelope.at, cursor) > 0;
  });

/** The cursors after these entries. */
export const cursorsAfter = (entries: readonly Entry[]): Cursors =>
  new Map(entries.map(({ source, envelope }) => [source, envelope.at]));

/** As many from the front as one transaction takes; at least one, if there is any. */
export function firstBatch<E extends Entry>(
  entries: readonly E[],
  maxEntries: number,
  maxBytes: number,
): E[] {
  let bytes = 0;
  let count = 0;
  for (const { envelope } of entries.slice(0, maxEntries)) {
    bytes += envelope.data.length;
    if (count > 0 && bytes > maxBytes) break;
    count++;
  }
  return entries.slice(0, count);
}

/** Cut behind each of some entries. */
export function cutBehind<E>(entries: readonly E[], isLast: (entry: E) => boolean): E[][] {
  const parts: E[][] = [];
  let part: E[] = [];
  for (const entry of entries) {
    part.push(entry);
    if (!isLast(entry)) continue;
    parts.push(part);
    part = [];
  }
  return part.length > 0 ? [...parts, part] : parts;
}
