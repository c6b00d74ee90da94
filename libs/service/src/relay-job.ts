import { ConcordatError, limits, type Positions, comparePositions } from '@concordat/contracts';
import type { Signer } from '@concordat/crypto';
import { type EventStore, Relay, type RelaySource } from '@concordat/eventsourcing';
import { type Clock, type Health, isWithin, type Logger, sleep } from '@concordat/runtime';
import { RedisEventLog } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RedisLinks } from './redis-links';

/** Newest positions that stay in the stream for readers that are a little behind. */
const keepPositions = 10_000;
const housekeepingMs = 60_000;
/** A service that starts serves when its store was compared with the stream, or Redis kept it waiting for so long. */
const compareMs = 2_000;

export interface RelayJobOptions {
  readonly store: RelaySource & Pick<EventStore, 'forgetCommands'>;
  readonly signer: Signer;
  readonly redis: RedisLinks;
  readonly health: Health;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Publishes the events of the store, trims what all readers have, and forgets old command memos. */
export class RelayJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #relay: Relay;
  readonly #log: RedisEventLog;
  #timer: NodeJS.Timeout | undefined;
  #isCompared = false;
  #onDecided: () => void = () => undefined;
  readonly #decided = new Promise<void>((resolve) => (this.#onDecided = resolve));

  constructor(private readonly options: RelayJobOptions) {
    const { store, signer, redis, health, logger } = options;
    const log = new RedisEventLog(redis.durable, redis.durable);
    this.#log = log;
    this.#relay = new Relay({
      store,
      signer,
      sleep,
      target: {
        head: () => log.head(store.source),
        append: (expected, entries) => log.append(store.source, expected, entries),
      },
      onState: (state) => {
        this.#isCompared ||= state.status === 'current' || state.status === 'publishing';
        if (this.#isCompared || state.status === 'regressed') this.#onDecided();
        const level = {
          starting: 'debug',
          current: 'debug',
          publishing: 'debug',
          failing: 'warn',
          regressed: 'fatal',
        } as const;
        logger[level[state.status]]({ relay: state }, 'relay');
      },
    });
    health.add('relay', () => {
      const { state } = this.#relay;
      const detail =
        state.status === 'regressed'
          ? state.missing
          : state.status === 'failing'
            ? state.error
            : state.status;
      return { ok: state.status === 'current' || state.status === 'publishing', detail };
    });
    health.add('store', async () => {
      const { at } = await store.head();
      return { ok: true, detail: `epoch ${at.epoch}, position ${at.position}` };
    });
  }

  /** @throws ConcordatError STORE_REGRESSED: nothing that runs on such a store may go on */
  async onApplicationBootstrap(): Promise<void> {
    this.#relay.start();
    this.#timer = setInterval(() => void this.#keepHouse(), housekeepingMs);
    await isWithin(compareMs, this.#decided);
    const { state } = this.#relay;
    if (state.status === 'regressed') throw new ConcordatError('STORE_REGRESSED', state.missing);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#relay.stop();
  }

  /**
   * Refuses while the store may be an old copy: its answers would be wrong, and its positions were used before.
   * @throws ConcordatError STORE_REGRESSED, SERVICE_UNAVAILABLE, POSITION_NOT_REACHED
   */
  async guard({ minPosition }: { readonly minPosition: Positions }): Promise<void> {
    const { state } = this.#relay;
    if (state.status === 'regressed') throw new ConcordatError('STORE_REGRESSED', state.missing);
    // Until the stream has been seen once, this may be an old copy: also when it cannot be seen because Redis is away.
    if (!this.#isCompared) {
      throw new ConcordatError('SERVICE_UNAVAILABLE', 'The store has not been compared with its stream yet.');
    }
    const wanted = minPosition[this.options.store.source];
    if (!wanted) return;
    const { at } = await this.options.store.head();
    if (comparePositions(at, wanted) < 0) throw new ConcordatError('POSITION_NOT_REACHED');
  }

  async #keepHouse(): Promise<void> {
    const { store, clock, logger } = this.options;
    try {
      const trimmed = await this.#log.trim(store.source, keepPositions);
      const forgotten = await store.forgetCommands(clock.nowMs() - limits.idempotencySeconds * 1_000);
      logger.debug({ trimmed, forgotten }, 'housekeeping');
    } catch (error) {
      logger.warn({ error }, 'housekeeping');
    }
  }
}
