/** The ids of what happened lately: bounded, so the oldest are forgotten. */
export class RecentIds {
  readonly #ids = new Set<string>();

  constructor(private readonly limit: number) {}

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size > this.limit) this.#ids.delete(this.#ids.values().next().value!);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
