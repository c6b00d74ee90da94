/** One call that carries several items out together. Answers come in the order of the items. */
export type Carry<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>;

export interface GroupCommitOptions<Item> {
  /** Items in one call, and what they may weigh together (the first one goes in any case). */
  readonly most: number;
  readonly mostWeight: number;
  readonly weigh: (item: Item) => number;
  /** Calls under way at the same time. */
  readonly calls: number;
  /** Items that wait; further ones are refused. */
  readonly waiting: number;
  /** What waiting items may weigh together; where none waits one may weigh more. */
  readonly waitingWeight: number;
  readonly refuse: () => Error;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly weight: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Gathers what comes while calls are under way, and carries it out in the next one: alone an item waits for nothing,
 * and under load a fsync serves hundreds.
 */
export class GroupCommit<Item, Answer> {
  #queue: Waiting<Item, Answer>[] = [];
  #weight = 0;
  #calls = 0;
  #isPlanned = false;

  constructor(
    private readonly carry: Carry<Item, Answer>,
    private readonly options: GroupCommitOptions<Item>,
  ) {}

  /** @throws what the call throws, for every item of it; the refusal when too many wait */
  add(item: Item): Promise<Answer> {
    const weight = this.options.weigh(item);
    if (!this.#hasRoom(weight)) return Promise.reject(this.options.refuse());
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, weight, resolve, reject });
      this.#weight += weight;
      this.#plan();
    });
  }

  #hasRoom(weight: number): boolean {
    const { waiting, waitingWeight } = this.options;
    if (this.#queue.length >= waiting) return false;
    return this.#queue.length === 0 || this.#weight + weight <= waitingWeight;
  }

  /** After this turn of the event loop, when everything that came with it is there. */
  #plan(): void {
    if (this.#isPlanned || this.#calls >= this.options.calls) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#queue.length > 0 && this.#calls < this.options.calls) void this.#send(this.#take());
  }

  #take(): Waiting<Item, Answer>[] {
    const { most, mostWeight } = this.options;
    let count = 0;
    let taken = 0;
    while (count < this.#queue.length && count < most) {
      const { weight } = this.#queue[count]!;
      if (count > 0 && taken + weight > mostWeight) break;
      taken += weight;
      count++;
    }
    this.#weight -= taken;
    return this.#queue.splice(0, count);
  }

  async #send(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    this.#calls++;
    try {
      const answers = await this.carry(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#calls--;
      this.#flush();
    }
  }
}
