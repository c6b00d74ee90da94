import { createHash } from 'node:crypto';

interface Fold<T> {
  told: T;
  /** Its row was found to be right. */
  isSettled: boolean;
}

/** What is added up at a time. With more of it the events are read several times, each for a part. */
const usualLimit = 100_000;

/**
 * Adds up what events tell of rows. When there are too many it keeps every second one, then every fourth, and so on: what is
 * kept is exact, and the others have their turn in another pass.
 */
export abstract class PartedFolds<T> {
  readonly #folds = new Map<string, Fold<T>>();
  #parts = 1;

  /** @param part which of the parts is kept; 0 for the first pass, which finds out how many there are */
  constructor(
    private readonly part = 0,
    parts = 1,
    private readonly limit = usualLimit,
  ) {
    this.#parts = parts;
  }

  get parts(): number {
    return this.#parts;
  }

  holds(name: string): boolean {
    return partOf(name, this.#parts) === this.part;
  }

  get(name: string): T | undefined {
    return this.#folds.get(name)?.told;
  }

  isSettled(name: string): boolean {
    return this.#folds.get(name)?.isSettled ?? false;
  }

  /** The row was found to be right: what comes later is not asked of it. */
  settle(name: string): void {
    const fold = this.#folds.get(name);
    if (fold) fold.isSettled = true;
  }

  /** Names of rows that were not found yet, or not to be right. */
  *open(): Generator<string> {
    for (const [name, { isSettled }] of this.#folds) if (!isSettled) yield name;
  }

  protected fold(name: string, evolve: (before: T | undefined) => T): void {
    if (!this.holds(name)) return;
    const fold = this.#folds.get(name);
    if (!fold) this.#folds.set(name, { told: evolve(undefined), isSettled: false });
    else if (!fold.isSettled) fold.told = evolve(fold.told);
    // Only the first pass halves: the others know how many parts there are.
    while (this.part === 0 && this.#folds.size > this.limit) this.#halve();
  }

  #halve(): void {
    this.#parts *= 2;
    for (const name of this.#folds.keys()) if (!this.holds(name)) this.#folds.delete(name);
  }
}

function partOf(name: string, parts: number): number {
  return parts === 1 ? 0 : createHash('sha256').update(name).digest().readUInt32BE(0) % parts;
}
