import { chainParts, comparePositions, type EventEnvelope, type Position } from '@concordat/contracts';
import { isChainLink } from '@concordat/crypto';

export type ChainVerdict = { readonly ok: true } | { readonly ok: false; readonly at: Position };

/** Checks that entries follow one another and are what was hashed. @returns the first entry that is not */
export function verifyChain(entries: readonly EventEnvelope[]): ChainVerdict {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    const follows =
      !before || (comparePositions(before.at, entry.prev) === 0 && before.hash === entry.prevHash);
    const isLink = isChainLink(entry.prevHash ?? '', entry.hash ?? '', chainParts(entry));
    if (!follows || !isLink) return { ok: false, at: entry.at };
  }
  return { ok: true };
}
