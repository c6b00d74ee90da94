/**
 * Deliveries that subscriptions at this gateway have handed out and that are neither settled nor at the end of their
 * lease. A settlement at another gateway is not heard of here: then the end of the lease frees the credit.
 */
export class InFlight {
  readonly #windows = new Map<string, Set<DeliveryWindow>>();

  constructor(private readonly monotonicMs: () => number) {}

  /** @param inbox its name (see partition.ts) */
  open(inbox: string, credits: number): DeliveryWindow {
    const others = this.#windows.get(inbox) ?? new Set();
    const window = new DeliveryWindow(credits, this.monotonicMs, () => {
      others.delete(window);
      if (others.size === 0 && this.#windows.get(inbox) === others) this.#windows.delete(inbox);
    });
    this.#windows.set(inbox, others.add(window));
    return window;
  }

  /** These messages were acknowledged, or given back. */
  settled(inbox: string, ids: readonly string[]): void {
    for (const window of this.#windows.get(inbox) ?? []) window.settle(ids);
  }
}

/** What one subscription has in flight, and how much more it may have. */
export class DeliveryWindow {
  /** Ends of the leases by message. All last equally long, so the first to be handed out ends first. */
  readonly #ends = new Map<string, number>();
  #wake: (() => void) | undefined;

  constructor(
    private credits: number,
    private readonly monotonicMs: () => number,
    readonly close: () => void,
  ) {}

  /** Credits that are not in use. */
  get free(): number {
    this.#forget();
    return Math.max(0, this.credits - this.#ends.size);
  }

  add(ids: readonly string[], leaseMs: number): void {
    const end = this.monotonicMs() + leaseMs;
    for (const id of ids) {
      this.#ends.delete(id);
      this.#ends.set(id, end);
    }
  }

  /** Whether its lease still lasts. */
  has(id: string): boolean {
    this.#forget();
    return this.#ends.has(id);
  }

  settle(ids: readonly string[]): void {
    for (const id of ids) this.#ends.delete(id);
    this.#wake?.();
  }

  /** Further credits, up to so many in all. */
  grant(credits: number, most: number): void {
    this.credits = Math.min(most, this.credits + credits);
    this.#wake?.();
  }

  /** Resolves when a credit is free, or at the signal. */
  async freed(signal: AbortSignal): Promise<void> {
    while (this.free === 0 && !signal.aborted) {
      const [first = Number.POSITIVE_INFINITY] = this.#ends.values();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => this.#wake?.(), Math.min(first - this.monotonicMs(), 2 ** 31 - 1) + 1);
        this.#wake = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', this.#wake!);
          this.#wake = undefined;
          resolve();
        };
        signal.addEventListener('abort', this.#wake);
      });
    }
  }

  #forget(): void {
    const now = this.monotonicMs();
    for (const [id, end] of this.#ends) {
      if (end > now) return;
      this.#ends.delete(id);
    }
  }
}
