import { randomBytes } from 'node:crypto';
import { ConcordatError, limits, parsePosition, type Position } from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import { deliveredMessages } from '../monitor/bus-metrics';
import type { DeliveryRef } from './delivery-token';
import { GroupCommit } from './group-commit';
import { fetchBytes, keepEndedMs, type PartitionScripts } from './partition-scripts';
import { partitionOf, partitionOfMessage } from './partition';
import { type Queue, queueName } from './queue';

export interface FetchRequest {
  readonly queue: Queue;
  readonly partition: number;
  /** DID of the agent that gets the messages. */
  readonly consumer: string;
  readonly count: number;
  readonly leaseSeconds: number;
  /** Of the call that asks. */
  readonly traceparent?: string | null;
}

/** A message as its consumer gets it. */
export interface LeasedMessage {
  readonly queue: Queue;
  readonly id: string;
  readonly secret: string;
  readonly attempt: number;
  /** JSON object: the data of `MessageAccepted` without the payload */
  readonly head: string;
  /** JSON text */
  readonly payload: string;
  /** RFC 3339, of its acceptance */
  readonly time: string;
  readonly traceparent: string;
  readonly leaseSeconds: number;
}

export type Settlement = DeliveryRef & {
  readonly consumer: string;
  /** Of the call that settles. */
  readonly traceparent?: string | null;
} & (
    | { readonly verb: 'ack' | 'release' }
    /** Without a delay it comes again after a backoff. */
    | { readonly verb: 'nack'; readonly delayMs: number | undefined; readonly reason: string }
    | { readonly verb: 'extend'; readonly leaseMs: number }
  );

export type Outcome = 'settled' | 'returned' | 'failed' | 'purged' | 'stale';

export interface Settled {
  readonly outcome: Outcome;
  readonly partition: number;
  /** Of the last event that tells of it. */
  readonly at: Position | undefined;
}

const bounds = {
  ...{ most: 64, mostWeight: Infinity, weigh: () => 1, calls: 2 },
  ...{ waiting: 20_000, waitingWeight: Infinity },
};
const refuse = (): ConcordatError =>
  new ConcordatError('OVERLOADED', 'Too many consumers wait for a partition of the bus.');

/** Leases of messages, and their ends: what waits for one partition goes there together. */
export class DeliveryStore {
  readonly #fetches: readonly GroupCommit<FetchRequest, LeasedMessage[]>[];
  readonly #settlements: readonly GroupCommit<Settlement, Settled>[];

  constructor(
    private readonly scripts: PartitionScripts,
    readonly partitions: number,
    /** From 0 to 1 */
    private readonly random: () => number,
  ) {
    const everywhere = Array.from({ length: partitions }, (_, partition) => partition);
    this.#fetches = everywhere.map(
      (partition) =>
        new GroupCommit((requests) => this.#fetchAll(partition, requests), { ...bounds, refuse }),
    );
    this.#settlements = everywhere.map(
      (partition) =>
        new GroupCommit((items) => this.#settleAll(partition, items), { ...bounds, most: 256, refuse }),
    );
  }

  /** Those in which a queue can have messages. */
  partitionsOf(queue: Queue): number[] {
    return queue.kind === 'inbox'
      ? [partitionOf(queue.tenant, queue.did, this.partitions)]
      : Array.from({ length: this.partitions }, (_, partition) => partition);
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE; messages may then be leased to nobody until the lease ends */
  fetch(request: FetchRequest): Promise<LeasedMessage[]> {
    return this.#fetches[request.partition]!.add(request);
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE: it may or may not be settled, and can be settled again */
  settle(settlement: Settlement): Promise<Settled> {
    // The id of a message names the partition in which every group has it; of a broadcast, that of the inbox counts.
    const { queue, id } = settlement;
    const partition =
      queue.kind === 'inbox'
        ? partitionOf(queue.tenant, queue.did, this.partitions)
        : partitionOfMessage(id, this.partitions);
    if (partition === undefined) return Promise.resolve({ outcome: 'stale', partition: 0, at: undefined });
    return this.#settlements[partition]!.add(settlement);
  }

  async #fetchAll(partition: number, requests: readonly FetchRequest[]): Promise<LeasedMessage[][]> {
    const secrets = requests.map(() => toBase64url(randomBytes(16)));
    const args = requests.flatMap(({ queue, consumer, count, leaseSeconds, traceparent }, i) => [
      ...[queueName(queue), consumer, count, leaseSeconds * 1_000, secrets[i]!],
      ...[queue.kind === 'inbox' ? '1' : '0', traceparent ?? ''],
    ]);
    const reply = await this.scripts.run('fetch', partition, [fetchBytes, keepEndedMs, ...args]);
    return (reply as string[][][]).map((found, i) => {
      deliveredMessages.inc(found.length);
      const { queue, leaseSeconds } = requests[i]!;
      return found.map(([id, attempt, head, payload, time, traceparent]) => ({
        queue,
        leaseSeconds,
        secret: secrets[i]!,
        id: id!,
        attempt: Number(attempt),
        head: head!,
        payload: payload!,
        time: time!,
        traceparent: traceparent ?? '',
      }));
    });
  }

  async #settleAll(partition: number, items: readonly Settlement[]): Promise<Settled[]> {
    const args = items.flatMap((item) => {
      const { queue, consumer, verb, id, secret, traceparent } = item;
      const [ms, reason] = extraOf(item);
      return [queueName(queue), consumer, verb, id, secret, ms, reason, traceparent ?? ''];
    });
    const common = [limits.deliveryAttempts, keepEndedMs, limits.backoffSeconds * 1_000, this.random()];
    const reply = (await this.scripts.run('settle', partition, [...common, ...args])) as string[];
    const at = parsePosition(reply.at(-1)!);
    return items.map((_, i) => ({ outcome: reply[i] as Outcome, partition, at }));
  }
}

function extraOf(item: Settlement): [number | '', string] {
  switch (item.verb) {
    case 'nack':
      return [item.delayMs ?? '', item.reason];
    case 'extend':
      return [item.leaseMs, ''];
    case 'ack':
    case 'release':
      return [0, ''];
  }
}
