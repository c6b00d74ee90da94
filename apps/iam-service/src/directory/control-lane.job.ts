import { findEvent, type Position } from '@concordat/contracts';
import type { EventStore } from '@concordat/eventsourcing';
import { type Logger, problemListener } from '@concordat/runtime';
import type { ControlEvent, ControlLanePublisher } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** A gateway refuses after a second of silence (limits.directoryAgeMs), so it may miss two beats. */
const heartbeatMs = 250;
const batch = 256;

/** Feeds the control lane: a steady beat, and every event that takes a right away, as soon as it is durable. */
export class ControlLaneJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #seen: Position = { epoch: 0, position: 0 };
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: EventStore,
    private readonly lane: ControlLanePublisher,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // What happened before this start is in the snapshot and in the event stream.
    this.#seen = (await this.store.head()).at;
    this.#unsubscribe = this.store.onAppended(() => this.#queue(() => this.#publishNew()));
    this.#timer = setInterval(() => this.#queue(() => this.#beat()), heartbeatMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.#unsubscribe?.();
    await this.#turn;
  }

  #queue(task: () => Promise<void>): void {
    this.#turn = this.#turn.then(task).catch(problemListener(this.logger, 'control lane'));
  }

  /** Names the head up to which everything that takes rights away was published: also what failed to be, before. */
  async #beat(): Promise<void> {
    await this.#publishNew();
    await this.lane.publish(this.#seen, null);
  }

  async #publishNew(): Promise<void> {
    for (;;) {
      const events = await this.store.readAfter(this.#seen.position, batch);
      for (const { at, tenant, type, data } of events) {
        if (findEvent(type)?.control) {
          const event: ControlEvent = { at, tenant, type, data: JSON.parse(data) as ControlEvent['data'] };
          await this.lane.publish(this.#seen, event);
        }
        this.#seen = at;
      }
      if (events.length < batch) return;
    }
  }
}
