/** Lets one task at a time into each name, in order of arrival; different names do not wait for one another. */
export class StreamQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  async enter<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const mine = before ? before.then(task, task) : task();
    this.#tails.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(name) === mine) this.#tails.delete(name);
    }
  }
}
