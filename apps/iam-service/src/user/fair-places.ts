/**
 * A bounded number of places for work that is dear, and a bounded number of those who wait for one. Who comes when all
 * are taken is refused, unless somebody else has so many that giving one up leaves him no worse off than the newcomer:
 * then the newest that waits of whoever has most gives way. Alone, one may have them all.
 */
export class FairPlaces {
  readonly #waiting: Waiting[] = [];
  /** Places, and places in the queue, by whom they are taken. */
  readonly #taken = new Map<string, number>();
  #running = 0;

  /** @param refused makes the error for who finds no place or has to give way */
  constructor(
    private readonly atOnce: number,
    private readonly waitingLimit: number,
    private readonly refused: () => Error,
  ) {}

  /** @param who shares of the places are counted by this name @throws what `refused` makes */
  async run<T>(who: string, task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.atOnce) await this.#queue(who);
    else {
      this.#running++;
      this.#count(who, 1);
    }
    try {
      return await task();
    } finally {
      this.#count(who, -1);
      // The place goes to the next one as it is.
      const next = this.#waiting.shift();
      if (next) next.begin();
      else this.#running--;
    }
  }

  #queue(who: string): Promise<void> {
    if (this.#waiting.length >= this.waitingLimit) this.#makeRoom(who);
    this.#count(who, 1);
    return new Promise((begin, giveWay) => this.#waiting.push({ who, begin, giveWay }));
  }

  #makeRoom(newcomer: string): void {
    const most = Math.max(...this.#waiting.map(({ who }) => this.#taken.get(who) ?? 0));
    const index = this.#waiting.findLastIndex(({ who }) => this.#taken.get(who) === most);
    if (most - (this.#taken.get(newcomer) ?? 0) < 2) throw this.refused();
    const [displaced] = this.#waiting.splice(index, 1);
    this.#count(displaced!.who, -1);
    displaced!.giveWay(this.refused());
  }

  #count(who: string, change: 1 | -1): void {
    const taken = (this.#taken.get(who) ?? 0) + change;
    if (taken === 0) this.#taken.delete(who);
    else this.#taken.set(who, taken);
  }
}

interface Waiting {
  readonly who: string;
  begin(): void;
  giveWay(error: Error): void;
}
