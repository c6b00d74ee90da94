import { limits } from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import type { DeliveryStore, LeasedMessage } from './delivery-store';
import type { Doorbell } from './doorbell';
import { type Queue, queueName } from './queue';

export interface PollPorts {
  readonly deliveries: DeliveryStore;
  readonly doorbell: Doorbell;
  readonly monotonicMs: () => number;
  /** From 0 to 1 */
  readonly random: () => number;
}

export interface Poll {
  readonly queue: Queue;
  readonly consumer: string;
  readonly count: number;
  readonly leaseSeconds: number;
  readonly waitSeconds: number;
  /** Aborted when the caller has gone. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every wait. @throws when the caller has no right any more */
  readonly recheck: () => unknown;
}

/** A waiting request looks for itself after so long, should a ring ever be lost. */
const lookMs = 5_000;

/**
 * Messages of a queue, as soon as there are some. What was leased for a caller who has gone meanwhile is given back.
 * @throws ConcordatError SERVICE_UNAVAILABLE, OVERLOADED, and what `recheck` throws
 */
export async function poll(ports: PollPorts, request: Poll): Promise<LeasedMessage[]> {
  const { waitSeconds, recheck, signal = AbortSignal.timeout(limits.inboxWaitSeconds * 1_000) } = request;
  const end = ports.monotonicMs() + waitSeconds * 1_000;
  if (waitSeconds === 0) return fetchAll(ports, request);
  // Before the look: a ring in between would be missed.
  const bell = ports.doorbell.listen(queueName(request.queue));
  try {
    for (;;) {
      const messages = await fetchAll(ports, request);
      if (signal.aborted && messages.length > 0) return await giveBack(ports, request.consumer, messages);
      const left = end - ports.monotonicMs();
      if (messages.length > 0 || left <= 0) return messages;
      if (!(await bell.wait(Math.min(left, lookMs), signal))) return [];
      await recheck();
    }
  } finally {
    bell.end();
  }
}

/** A group lies in all partitions: they are looked through in turn, beginning anywhere, until there are enough. */
async function fetchAll({ deliveries, random }: PollPorts, { queue, consumer, count, leaseSeconds }: Poll) {
  const partitions = deliveries.partitionsOf(queue);
  const first = Math.floor(random() * partitions.length);
  const found: LeasedMessage[] = [];
  const traceparent = activeTraceparent();
  for (let i = 0; i < partitions.length && found.length < count; i++) {
    const partition = partitions[(first + i) % partitions.length]!;
    const request = { queue, consumer, leaseSeconds, partition, traceparent, count: count - found.length };
    found.push(...(await deliveries.fetch(request)));
  }
  return found;
}

async function giveBack(
  { deliveries }: PollPorts,
  consumer: string,
  messages: readonly LeasedMessage[],
): Promise<LeasedMessage[]> {
  await Promise.all(
    messages.map(({ queue, id, secret }) =>
      deliveries.settle({ queue, id, secret, consumer, verb: 'release' }),
    ),
  );
  return [];
}
