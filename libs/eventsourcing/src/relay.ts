import { type EventEnvelope, formatPosition, origin, type Position } from '@concordat/contracts';
import { chainHeadBytes, type Signer, toBase64url } from '@concordat/crypto';
import { type EventStore, type StoredEvent, toEnvelope } from './event-store';
import { recoveryAdvice } from './sqlite/store-damage';

/** The last entry of the published stream. */
export interface PublishedHead {
  readonly at: Position;
  /** base64url of the chain hash */
  readonly hash: string;
}

/** Where events are published. The relay does not know what is behind it. */
export interface RelayTarget {
  /** @returns undefined when nothing was ever published, or everything was lost */
  head(): Promise<PublishedHead | undefined>;
  /**
   * Appends when the head is still `expected` (origin for an empty stream), else changes nothing.
   * @returns the head after the call; it is the last entry's when the append took place
   */
  append(expected: Position, entries: readonly EventEnvelope[]): Promise<PublishedHead | undefined>;
}

export type RelayState =
  | { readonly status: 'starting' | 'current' | 'publishing' }
  | { readonly status: 'failing'; readonly error: string }
  /** The stream holds what the store does not: the store was rolled back or another store publishes. */
  | { readonly status: 'regressed'; readonly missing: string };

const batchEvents = 256;
const batchBytes = 262_144;
const retryMs = 250;
/** How often an idle relay looks whether its target still has everything. */
const idleMs = 1_000;

/** What is published: the part of a store that the relay reads. */
export type RelaySource = Pick<
  EventStore,
  'source' | 'epoch' | 'readAfter' | 'eventAt' | 'head' | 'onAppended'
>;

export interface RelayOptions {
  readonly store: RelaySource;
  readonly target: RelayTarget;
  readonly signer: Signer;
  /** Resolves after the given time; injected so that faults and time can be simulated. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly onState?: (state: RelayState) => void;
}

/**
 * Copies the events of a store to its stream: each once and in order. It trusts neither its memory nor the target: it
 * goes on from the head that the target reports, so a lost reply, a second relay or a target that lost its data need no
 * special case.
 */
export class Relay {
  #state: RelayState = { status: 'starting' };
  #isStopped = false;
  #isDirty = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly options: RelayOptions) {}

  get state(): RelayState {
    return this.#state;
  }

  start(): void {
    this.#unsubscribe = this.options.store.onAppended(() => {
      this.#isDirty = true;
      this.#wake?.();
    });
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe?.();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let known: PublishedHead | undefined;
    let isKnown = false;
    while (!this.#isStopped) {
      try {
        if (!isKnown) known = await this.options.target.head();
        isKnown = true;
        const next = await this.#publishFrom(known);
        if (next !== 'idle') known = next;
        else isKnown = await this.#idle();
      } catch (error) {
        isKnown = false;
        this.#enter(
          this.#state.status === 'regressed' ? this.#state : { status: 'failing', error: String(error) },
        );
        await this.options.sleep(retryMs);
      }
    }
  }

  /** One batch. @returns the new head, or idle when there was nothing to publish */
  async #publishFrom(head: PublishedHead | undefined): Promise<PublishedHead | undefined | 'idle'> {
    this.#isDirty = false;
    const events = await this.#eventsAfter(head);
    if (events.length === 0) {
      this.#enter({ status: 'current' });
      return 'idle';
    }
    this.#enter({ status: 'publishing' });
    return this.options.target.append(head?.at ?? origin, await this.#toEntries(events));
  }

  async #eventsAfter(head: PublishedHead | undefined): Promise<StoredEvent[]> {
    const { store } = this.options;
    if (!head) return store.readAfter(0, batchEvents);
    const mine = await store.eventAt(head.at.position);
    const isMine = mine?.at.epoch === head.at.epoch && toBase64url(mine.hash) === head.hash;
    if (isMine) return store.readAfter(head.at.position, batchEvents);
    if (store.epoch > head.at.epoch && (await this.#continues(head.at)))
      return this.#eventsOfNewEpoch(head.at);
    const last = (await store.head()).at;
    const missing =
      `The stream of ${store.source} ends at ${formatPosition(head.at)}, the store at ${formatPosition(last)}: ` +
      `this is an older copy of the store, or that of another stream.${between(last, head.at)} ${recoveryAdvice(store.source)}`;
    this.#enter({ status: 'regressed', missing });
    throw new Error(missing);
  }

  /** A restored store begins with what was published; one that was emptied, or belongs to another stream, does not. */
  async #continues(published: Position): Promise<boolean> {
    const first = await this.options.store.eventAt(1);
    return first !== undefined && first.at.epoch <= published.epoch;
  }

  /** The store was restored: what it wrote since then goes after whatever was published before. */
  async #eventsOfNewEpoch(published: Position): Promise<StoredEvent[]> {
    let position = 0;
    for (;;) {
      const events = await this.options.store.readAfter(position, batchEvents);
      const fresh = events.filter(({ at }) => at.epoch > published.epoch);
      if (fresh.length > 0 || events.length === 0) return fresh;
      position = events.at(-1)!.at.position;
    }
  }

  async #toEntries(events: readonly StoredEvent[]): Promise<EventEnvelope[]> {
    const { store, signer } = this.options;
    const entries: EventEnvelope[] = [];
    let bytes = 0;
    for (const event of events) {
      const entry = toEnvelope(store.source, event);
      bytes += entry.data.length;
      if (entries.length > 0 && bytes > batchBytes) break;
      entries.push(entry);
    }
    const last = entries.at(-1)!;
    const signatures = await signer.sign(chainHeadBytes(store.source, formatPosition(last.at), last.hash!));
    return [...entries.slice(0, -1), { ...last, signatures }];
  }

  /** @returns false when time passed without an event: then the target is asked whether it still has everything */
  async #idle(): Promise<boolean> {
    if (this.#isDirty || this.#isStopped) return true;
    const appended = new Promise<void>((resolve) => (this.#wake = resolve));
    await Promise.race([appended, this.options.sleep(idleMs)]);
    this.#wake = undefined;
    return this.#isDirty;
  }

  #enter(state: RelayState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.options.onState?.(state);
  }
}

const between = (last: Position, published: Position): string =>
  last.position < published.position
    ? ` Missing: ${last.position + 1} to ${published.position} (epoch ${published.epoch}).`
    : '';
