import { type Clock, sleep } from '@concordat/runtime';
import type { RedisConnection } from '@concordat/streams';
import { DeliveryStore, type LeasedMessage, type Outcome, type Settlement } from './delivery-store';
import { MessageStates, type MessageView } from './message-state';
import { PartitionScripts } from './partition-scripts';
import { type OutgoingMessage, type PublishedMessage, Publisher } from './publisher';
import { inboxOf, type Queue } from './queue';
import { sweep, type Swept } from './sweeper.job';

export interface Received extends LeasedMessage {
  /** Secret of the lease */
  readonly token: string;
  readonly data: string;
}

/** What one gateway does at the bus, in the words of specs. */
export class BusDriver {
  readonly scripts: PartitionScripts;
  readonly publisher: Publisher;
  readonly deliveries: DeliveryStore;
  readonly states: MessageStates;

  constructor(durable: RedisConnection, volatile: RedisConnection, partitions: number, clock: Clock) {
    this.scripts = new PartitionScripts(durable, clock);
    this.publisher = new Publisher({ scripts: this.scripts, durable, volatile, partitions, sleep });
    this.deliveries = new DeliveryStore(this.scripts, partitions, () => 0.5);
    this.states = new MessageStates(this.scripts);
  }

  publish(message: OutgoingMessage): Promise<PublishedMessage> {
    return this.publisher.publish(message);
  }

  fetch(request: {
    tenant: string;
    recipient: string;
    count: number;
    leaseSeconds: number;
  }): Promise<Received[]> {
    const { tenant, recipient, count, leaseSeconds } = request;
    return this.fetchQueue(inboxOf(tenant, recipient), recipient, count, leaseSeconds);
  }

  /** From all partitions of the queue. */
  async fetchQueue(queue: Queue, consumer: string, count = 10, leaseSeconds = 30): Promise<Received[]> {
    const found: LeasedMessage[] = [];
    for (const partition of this.deliveries.partitionsOf(queue)) {
      const left = count - found.length;
      if (left <= 0) break;
      found.push(...(await this.deliveries.fetch({ queue, partition, consumer, leaseSeconds, count: left })));
    }
    return found.map((message) => ({ ...message, token: message.secret, data: message.payload }));
  }

  async ack(tenant: string, recipient: string, pairs: readonly { id: string; secret: string }[]) {
    const queue = inboxOf(tenant, recipient);
    const outcomes = await Promise.all(
      pairs.map((pair) => this.settle({ ...pair, queue, consumer: recipient, verb: 'ack' })),
    );
    return { settled: outcomes.map((outcome) => outcome === 'settled') };
  }

  async settle(settlement: Settlement): Promise<Outcome> {
    return (await this.deliveries.settle(settlement)).outcome;
  }

  state(tenant: string, partition: number, id: string): Promise<MessageView | undefined> {
    return this.states.read(tenant, partition, id);
  }

  sweep(partition: number): Promise<Swept> {
    return sweep(this.scripts, partition);
  }
}
