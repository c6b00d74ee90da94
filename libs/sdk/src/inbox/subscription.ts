import { AsyncLocalStorage } from 'node:async_hooks';
import { type Delivery, limits } from '@concordat/contracts';
import { backoffMs, type Random } from '../call/backoff';
import type { Clock } from '../clock';
import { isSpentChallenge } from '../credential/handshake';
import type { Invoke } from '../operation-groups';
import { type ConcordatProblem, isConcordatProblem } from '../problem';
import { AckQueue } from './ack-queue';
import { receive, type ReceivedMessage } from './received-message';
import { RecentIds } from './recent-ids';

/** Handles one message. When it rejects, the message is not acknowledged and comes again after its lease. */
export type MessageHandler = (message: ReceivedMessage) => Promise<unknown> | unknown;

export interface SubscribeOptions {
  /** Messages handled at the same time; default 1: one after the other, in the order of the inbox. */
  readonly concurrency?: number;
  /**
   * How long a message is kept from being delivered again, seconds; default 30. A handler that takes longer sees its
   * message delivered again meanwhile, which counts as another attempt, and after the fifth the message has failed.
   */
  readonly leaseSeconds?: number;
  /** How long one question to an empty inbox waits, seconds; default 20. */
  readonly waitSeconds?: number;
  /** Stops like `stop`. */
  readonly signal?: AbortSignal;
  /**
   * Hears of what failed: with a message when its handler did, without when the inbox was not to be reached. Default: a
   * warning of the process.
   */
  readonly onError?: (error: unknown, message?: ReceivedMessage) => void;
}

export interface SubscriptionPorts {
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly random: Random;
}

/** Handled messages that are remembered, so that a second delivery is acknowledged and not handled again. */
const rememberedIds = 10_000;

interface InFlight {
  /** Of the latest delivery: those before it are stale. */
  token: string;
}

/** Reads an inbox until it is stopped, through restarts of the gateways. */
export class Subscription {
  /**
   * Resolves when it has ended: with undefined when it was stopped, else with what makes going on senseless. It waits for
   * the handlers, so a handler must not wait for it.
   */
  readonly closed: Promise<ConcordatProblem | undefined>;
  readonly #handled = new RecentIds(rememberedIds);
  readonly #inFlight = new Map<string, InFlight>();
  /** Of the handler that calls, until that ends. */
  readonly #handling = new AsyncLocalStorage<InFlight>();
  readonly #acks: AckQueue;
  readonly #stopping = new AbortController();
  readonly #concurrency: number;
  #onSlot: () => void = () => undefined;

  constructor(
    private readonly ports: SubscriptionPorts,
    private readonly handler: MessageHandler,
    private readonly options: SubscribeOptions = {},
  ) {
    const { concurrency = 1, signal } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new TypeError('concurrency: must be a whole number from 1');
    this.#concurrency = concurrency;
    this.#acks = new AckQueue({
      ack: (tokens) => ports.invoke('inbox.ack', { tokens }),
      onError: (error) => this.#report(error),
    });
    const stop = (): void => this.#stopping.abort();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    this.closed = this.#run().finally(() => signal?.removeEventListener('abort', stop));
  }

  /**
   * Takes nothing more, and resolves when what was begun is handled and acknowledged. Called by a handler it resolves at
   * once, as it cannot wait for its caller: `closed` says when all has ended.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const caller = this.#handling.getStore();
    const isHandling = caller !== undefined && [...this.#inFlight.values()].includes(caller);
    if (!isHandling) await this.closed;
  }

  async #run(): Promise<ConcordatProblem | undefined> {
    let failures = 0;
    let end: ConcordatProblem | undefined;
    while (!this.#stopping.signal.aborted && end === undefined) {
      await this.#slot();
      try {
        for (const delivery of await this.#fetch()) this.#take(delivery);
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#report(error);
        if (isFinal(error)) end = error;
        else await this.#pause(++failures);
      }
    }
    while (this.#inFlight.size > 0) await this.#nextSlot();
    await this.#acks.drain();
    return end;
  }

  async #fetch(): Promise<Delivery[]> {
    const { leaseSeconds = 30, waitSeconds = 20 } = this.options;
    const count = Math.min(limits.inboxFetchItems, this.#concurrency - this.#inFlight.size);
    const { signal } = this.#stopping;
    const { items } = await this.ports.invoke(
      'inbox.fetch',
      { count, waitSeconds, leaseSeconds },
      { signal },
    );
    return items;
  }

  #take(delivery: Delivery): void {
    const { id, deliveryToken: token } = delivery;
    const before = this.#inFlight.get(id);
    if (before) before.token = token;
    else if (this.#handled.has(id)) this.#acks.add(token);
    else void this.#handle(delivery);
  }

  /** Never rejects. */
  async #handle(delivery: Delivery): Promise<void> {
    const { id, deliveryToken: token } = delivery;
    const mine: InFlight = { token };
    this.#inFlight.set(id, mine);
    const message = receive(delivery, this.ports.invoke);
    try {
      await this.#handling.run(mine, () => this.handler(message));
      this.#handled.add(id);
      this.#acks.add(mine.token);
    } catch (error) {
      this.#report(error, message);
    } finally {
      this.#inFlight.delete(id);
      this.#onSlot();
    }
  }

  async #slot(): Promise<void> {
    while (this.#inFlight.size >= this.#concurrency && !this.#stopping.signal.aborted) await this.#nextSlot();
  }

  #nextSlot(): Promise<void> {
    return new Promise((resolve) => (this.#onSlot = resolve));
  }

  async #pause(failures: number): Promise<void> {
    const { clock, random } = this.ports;
    await clock.sleep(backoffMs(failures, random), this.#stopping.signal).catch(() => undefined);
  }

  #report(error: unknown, message?: ReceivedMessage): void {
    const { onError = warn } = this.options;
    try {
      onError(error, message);
    } catch (second) {
      warn(second);
    }
  }
}

/** A refusal that will be the same the next time; everything else may pass. */
const isFinal = (error: unknown): error is ConcordatProblem =>
  isConcordatProblem(error) &&
  error.status >= 400 &&
  error.status < 500 &&
  error.status !== 429 &&
  !isSpentChallenge(error);

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), 'ConcordatWarning');
}
