import { comparePositions, formatPositions, type Position, type Positions } from '@concordat/contracts';

/** As many sources as the header may name. */
const sourcesLimit = 16;

/** The highest position seen of every source: sent along, it makes every gateway answer with at least that state. */
export class PositionMemory {
  readonly #seen = new Map<string, Position>();

  get positions(): Positions {
    return Object.fromEntries(this.#seen);
  }

  see(positions: Positions): void {
    for (const [source, at] of Object.entries(positions)) {
      const before = this.#seen.get(source);
      // Seen again makes it the youngest, so that what is forgotten is what was not used for longest.
      this.#seen.delete(source);
      this.#seen.set(source, before && comparePositions(before, at) > 0 ? before : at);
    }
    for (const source of this.#seen.keys()) {
      if (this.#seen.size <= sourcesLimit) break;
      this.#seen.delete(source);
    }
  }
}

/** Of every source the higher position. */
export function highestOf(...all: readonly Positions[]): Positions {
  const memory = new PositionMemory();
  for (const positions of all) memory.see(positions);
  return memory.positions;
}

/** `Concordat-Min-Position`; undefined when there is nothing to ask for. */
export const minPositionHeader = (positions: Positions): string | undefined =>
  Object.keys(positions).length === 0 ? undefined : formatPositions(positions);
