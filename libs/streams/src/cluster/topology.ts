import { EventEmitter } from 'node:events';
import { nodeUrl, type RedisPlace } from '@concordat/contracts';
import { commandNode } from '../node-connection';
import { whenReady } from '../redis-connection';
import { addressOf, nodeAt, SlotMap } from './slot-map';

export type ClusterPlace = Extract<RedisPlace, { kind: 'cluster' }>;

/** Nodes that are asked at once; the first answer counts, so that a frozen node delays nothing. */
const askedAtOnce = 16;
const answerMs = 1_000;
/** Between two looks at the map, whoever asks for them. */
const pauseMs = 200;

/** What a process knows of a cluster: its map of slots, asked for again whenever a node has said that it is outdated. */
export class ClusterTopology extends EventEmitter<{ changed: [] }> {
  readonly slots = new SlotMap();
  #looking: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isWanted = false;
  #isClosed = false;

  constructor(
    readonly place: ClusterPlace,
    private readonly name: string,
    private readonly onError: (error: Error) => void,
  ) {
    super();
    // One listener per connection that shares the map; there are as many as there are streams to read.
    this.setMaxListeners(0);
    this.refresh();
  }

  urlOf(address: string): string {
    return nodeUrl(this.place.access, nodeAt(address));
  }

  /** Asks the cluster for its map, soon; goes on until there is one. */
  refresh(): void {
    this.#isWanted = true;
    if (this.#isClosed || this.#looking || this.#pause) return;
    this.#isWanted = false;
    this.#looking = this.#look()
      .catch((error: Error) => {
        // Nobody answers: those who wait for the map get it as soon as somebody does.
        this.#isWanted = true;
        this.onError(error);
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#isClosed) return;
        this.#pause = setTimeout(() => {
          this.#pause = undefined;
          if (this.#isWanted) this.refresh();
        }, pauseMs);
      });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
  }

  async #look(): Promise<void> {
    const known = new Set([...this.slots.nodes(), ...this.place.seeds.map(addressOf)]);
    const answers = [...known].slice(0, askedAtOnce).map((address) => this.#ask(address));
    const { reply, address } = await Promise.any(answers).catch((error: AggregateError) =>
      Promise.reject(new Error(`no node of the cluster tells its slots: ${error.errors[0]?.message}`)),
    );
    if (this.#isClosed) return;
    this.slots.replace(reply, nodeAt(address));
    this.emit('changed');
  }

  /** Over a connection of its own: that of a reader would answer behind its read. */
  async #ask(address: string): Promise<{ reply: unknown; address: string }> {
    const redis = commandNode({ url: this.urlOf(address), name: this.name });
    try {
      await whenReady(redis, answerMs);
      const reply = await redis.cluster('SLOTS');
      // A node that was forgotten by the others, or has just begun, must not be the first to be believed.
      if (reply.length === 0) throw new Error(`${address} knows of no slots`);
      return { reply, address };
    } finally {
      redis.disconnect();
    }
  }
}
