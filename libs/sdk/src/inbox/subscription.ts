import { AsyncLocalStorage } from 'node:async_hooks';
import { type Delivery, limits, type OperationRequest } from '@concordat/contracts';
import { backoffMs, type Random } from '../call/backoff';
import type { CallOptions } from '../call/caller';
import type { Clock } from '../clock';
import { isSpentChallenge } from '../credential/handshake';
import type { Replies } from '../message/replies';
import type { Invoke } from '../operation-groups';
import { type ConcordatProblem, isConcordatProblem } from '../problem';
import { AckQueue } from './ack-queue';
import { InFlight, reasonOf } from './in-flight';
import { LeaseKeeper } from './lease-keeper';
import type { ReceivedMessage } from './received-message';
import { RecentIds } from './recent-ids';
import { type MessageHandler, type SubscribeOptions, warn } from './subscribe-options';

export interface SubscriptionPorts {
  readonly invoke: Invoke;
  /** Asks for deliveries, of an inbox or of a group. */
  readonly fetch: (
    input: OperationRequest<'inbox.fetch'>,
    options: CallOptions,
  ) => Promise<{ readonly items: readonly Delivery[] }>;
  readonly clock: Clock;
  readonly random: Random;
  /** Take what they wait for; undefined where no replies come. */
  readonly replies?: Replies | undefined;
}

/** Handled messages that are remembered, so that a second delivery is acknowledged and not handled again. */
const rememberedIds = 10_000;
/** Messages that wait for a handler at most: they were fetched in search of a reply that a handler waits for. */
const backlogMessages = 100;

/** Reads an inbox, or a group of a topic, until it is stopped, through restarts of the gateways. */
export class Subscription {
  /**
   * Resolves when it has ended: with undefined when it was stopped, else with what makes going on senseless. It waits for
   * the handlers, so a handler must not wait for it.
   */
  readonly closed: Promise<ConcordatProblem | undefined>;
  readonly #handled = new RecentIds(rememberedIds);
  readonly #inFlight = new Map<string, InFlight>();
  /** Those of them that wait for a handler. */
  readonly #backlog: InFlight[] = [];
  readonly #running = new Set<InFlight>();
  /** What the handler that calls works on. */
  readonly #handling = new AsyncLocalStorage<InFlight>();
  readonly #acks: AckQueue;
  readonly #leases: LeaseKeeper;
  readonly #stopping = new AbortController();
  readonly #concurrency: number;
  #wake: () => void = () => undefined;

  constructor(
    private readonly ports: SubscriptionPorts,
    private readonly handler: MessageHandler,
    private readonly options: SubscribeOptions = {},
  ) {
    const { concurrency = 1, leaseSeconds = 30, holdSeconds = 600, signal } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new TypeError('concurrency: must be a whole number from 1');
    this.#concurrency = concurrency;
    const { invoke, clock } = ports;
    const onError = (error: unknown): void => this.#report(error);
    this.#acks = new AckQueue({ ack: (tokens) => invoke('inbox.ack', { tokens }), onError });
    const extend = (tokens: string[], totalMs: number): Promise<unknown> =>
      invoke('inbox.extend', { tokens, leaseSeconds }, { totalMs });
    this.#leases = new LeaseKeeper({ clock, leaseSeconds, holdSeconds, extend, onError });
    const stop = (): void => this.#stop();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    const leave = ports.replies?.join(() => this.#wake());
    this.closed = this.#run(() => leave?.()).finally(() => signal?.removeEventListener('abort', stop));
  }

  /**
   * Takes nothing more, and resolves when what was taken is handled and acknowledged. Called by a handler it resolves at
   * once, as it cannot wait for its caller: `closed` says when all has ended.
   */
  async stop(): Promise<void> {
    this.#stop();
    const caller = this.#handling.getStore();
    const isHandling = caller !== undefined && this.#running.has(caller);
    if (!isHandling) await this.closed;
  }

  #stop(): void {
    this.#stopping.abort();
    this.#wake();
  }

  /** @param onLast is called when no further message will be taken */
  async #run(onLast: () => void): Promise<ConcordatProblem | undefined> {
    let failures = 0;
    let end: ConcordatProblem | undefined;
    while (!this.#stopping.signal.aborted && end === undefined) {
      const count = this.#room();
      if (count === 0) {
        await this.#change();
        continue;
      }
      try {
        for (const delivery of await this.#fetch(count)) this.#take(delivery);
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#report(error);
        if (isFinal(error)) end = error;
        else await this.#pause(++failures);
      }
    }
    onLast();
    while (this.#running.size > 0) await this.#change();
    await this.#acks.drain();
    return end;
  }

  /** Messages that may be taken now. A handler that waits for a reply must not keep it from being found. */
  #room(): number {
    const free = this.#concurrency - this.#running.size - this.#backlog.length;
    if (free > 0) return Math.min(limits.inboxFetchItems, free);
    const mayLook = this.ports.replies?.areAwaited === true && this.#backlog.length < backlogMessages;
    return mayLook ? 1 : 0;
  }

  async #fetch(count: number): Promise<readonly Delivery[]> {
    const { leaseSeconds = 30, waitSeconds = 20 } = this.options;
    const { signal } = this.#stopping;
    return (await this.ports.fetch({ count, waitSeconds, leaseSeconds }, { signal })).items;
  }

  #take(delivery: Delivery): void {
    const { id, deliveryToken: token } = delivery;
    const before = this.#inFlight.get(id);
    if (before?.isGivenBack === false) before.token = token;
    else if (this.#handled.has(id)) this.#acks.add(token);
    else if (this.ports.replies?.take(delivery) === true) this.#settle(id, token);
    else this.#admit(delivery);
  }

  #settle(id: string, token: string): void {
    this.#handled.add(id);
    this.#acks.add(token);
  }

  #admit(delivery: Delivery): void {
    const { invoke, clock } = this.ports;
    const taken = new InFlight(delivery, clock.nowMs(), invoke, () => this.#leases.release(taken));
    this.#inFlight.set(delivery.id, taken);
    this.#leases.hold(taken);
    this.#backlog.push(taken);
    this.#handleNext();
  }

  #handleNext(): void {
    while (this.#running.size < this.#concurrency && this.#backlog.length > 0)
      void this.#handle(this.#backlog.shift()!);
  }

  /** Never rejects. */
  async #handle(taken: InFlight): Promise<void> {
    const { message } = taken;
    this.#running.add(taken);
    try {
      await this.#handling.run(taken, () => this.handler(message));
      if (!taken.isGivenBack) this.#settle(message.id, taken.token);
    } catch (error) {
      this.#report(error, message);
      if (!taken.isGivenBack) await this.#giveBack(taken, error);
    } finally {
      this.#running.delete(taken);
      this.#leases.release(taken);
      if (this.#inFlight.get(message.id) === taken) this.#inFlight.delete(message.id);
      this.#handleNext();
      this.#wake();
    }
  }

  /** When that fails too, the message comes again after its lease. */
  async #giveBack(taken: InFlight, error: unknown): Promise<void> {
    const reason = reasonOf(error);
    await taken.nack({ ...(reason !== undefined && { reason }) }).catch((second) => this.#report(second));
  }

  /** Resolves when a handler has ended, somebody waits for a reply, or it is being stopped. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
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
