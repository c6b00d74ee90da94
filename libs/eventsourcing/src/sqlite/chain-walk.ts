import { chainParts, comparePositions, type EventEnvelope, formatPosition } from '@concordat/contracts';
import { isChainLink, toBase64url } from '@concordat/crypto';
import type { Head } from '../event-store';

/** Follows a history event by event, from a head that is believed. */
export class ChainWalk {
  #head: { readonly at: Head['at']; readonly hash: string };

  constructor(from: Head) {
    this.#head = { at: from.at, hash: toBase64url(from.hash) };
  }

  get at(): Head['at'] {
    return this.#head.at;
  }

  /** Goes on by one event. @returns what is wrong with it, or undefined; a walk does not go past a wrong one */
  next(entry: EventEnvelope): string | undefined {
    const at = formatPosition(entry.at);
    const before = formatPosition(this.#head.at);
    if (comparePositions(entry.prev, this.#head.at) !== 0)
      return `after ${before} comes ${at}, which follows ${formatPosition(entry.prev)}`;
    if (entry.prevHash !== this.#head.hash)
      return `${at} continues another history than that up to ${before}`;
    if (!isChainLink(entry.prevHash, entry.hash ?? '', chainParts(entry)))
      return `${at} does not hash to what it says`;
    this.#head = { at: entry.at, hash: entry.hash! };
    return undefined;
  }
}
