import type { Delivery } from '@concordat/contracts';

/** The answer to a request. */
export type Reply = Readonly<Omit<Delivery, 'deliveryToken'>>;

interface Waiting {
  /** Whom the request went to. */
  readonly to: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Requests that can wait at the same time. */
const waitingRequests = 10_000;
/** Requests that are over and remembered, so that a late reply is not taken for a message of its own. */
const rememberedRequests = 10_000;

/** The requests of one client that wait for a reply, and the readers of its inbox that look for these. */
export class Replies {
  readonly #waiting = new Map<string, Waiting>();
  /** Whom requests that are over went to, by correlation id. */
  readonly #over = new Map<string, string>();
  readonly #readers = new Set<() => void>();

  get areAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * A reader of the inbox begins.
   * @param wake called when somebody begins to wait for a reply
   * @returns takes it back; what waits then and has no other reader fails
   */
  join(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => {
      if (!this.#readers.delete(wake) || this.#readers.size > 0) return;
      const ended = new Error('The subscription of the inbox has ended, and with it the wait for a reply.');
      for (const { reject } of this.#waiting.values()) reject(ended);
    };
  }

  /** Whether a delivery is a reply that is waited for, or one that comes too late: nobody else is to get it. */
  take({ deliveryToken: _, ...reply }: Delivery): boolean {
    const { type, correlationId, from } = reply;
    if (type !== 'RESPONSE' || correlationId === null) return false;
    const waiting = this.#waiting.get(correlationId);
    const asked = waiting?.to ?? this.#over.get(correlationId);
    // Only who was asked can answer, whoever else has heard of the correlation id.
    if (asked === undefined || (asked.startsWith('did:') && asked !== from)) return false;
    waiting?.resolve(reply);
    return true;
  }

  /**
   * Waits for the reply to a request that is about to be sent, until `end`.
   * @throws TypeError when nothing reads the inbox, or the correlation id is that of another request; RangeError when too
   *   many wait
   */
  wait(correlationId: string, to: string): Promise<Reply> {
    if (this.#readers.size === 0)
      throw new TypeError(
        'messages.request: replies come to the inbox; call inbox.subscribe of the same client before.',
      );
    if (this.#waiting.has(correlationId))
      throw new TypeError('messages.request: another request with this correlation id waits for its reply.');
    if (this.#waiting.size >= waitingRequests)
      throw new RangeError(`messages.request: ${waitingRequests} requests wait for replies already.`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(correlationId, { to, resolve, reject });
      for (const wake of this.#readers) wake();
    });
  }

  /** The request is over: a reply that comes now is dropped. */
  end(correlationId: string): void {
    const { to } = this.#waiting.get(correlationId)!;
    this.#waiting.delete(correlationId);
    this.#over.set(correlationId, to);
    if (this.#over.size > rememberedRequests) this.#over.delete(this.#over.keys().next().value!);
  }
}
