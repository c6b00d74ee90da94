import { limits } from '@concordat/contracts';
import { isConcordatProblem } from '../problem';

export interface AckQueueOptions {
  /** Acknowledges deliveries. */
  readonly ack: (tokens: string[]) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Acknowledges what has been handled: together what came together while the acknowledgement before was on its way. */
export class AckQueue {
  readonly #tokens: string[] = [];
  #sending: Promise<void> | undefined;

  constructor(private readonly options: AckQueueOptions) {}

  add(token: string): void {
    this.#tokens.push(token);
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when nothing is left to acknowledge. */
  async drain(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#tokens.length > 0) {
      try {
        await this.options.ack(this.#tokens.splice(0, limits.inboxFetchItems));
      } catch (error) {
        // A stale token: the lease ended first. The message comes again and is then only acknowledged, like all those
        // whose acknowledgement failed in another way.
        if (!isConcordatProblem(error, 'DELIVERY_TOKEN_STALE')) this.options.onError(error);
      }
    }
    // Here, and not when the promise is heard of: a token that is added in between would be left behind.
    this.#sending = undefined;
  }
}
