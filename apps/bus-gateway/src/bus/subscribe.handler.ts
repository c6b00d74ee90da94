import { ConcordatError, limits } from '@concordat/contracts';
import { activeTraceparent, type OperationHandlers } from '@concordat/runtime';
import type { DeliveryStore, LeasedMessage } from './delivery-store';
import { toDelivery } from './delivery-view';
import type { Doorbell } from './doorbell';
import type { InFlight } from './in-flight';
import { inboxOf, queueName } from './queue';

export interface SubscribePorts {
  readonly deliveries: Pick<DeliveryStore, 'fetch' | 'settle' | 'partitionsOf'>;
  readonly doorbell: Pick<Doorbell, 'listen'>;
  readonly inFlight: InFlight;
}

/** A subscription looks for itself after so long, should a ring ever be lost. */
const lookMs = 5_000;

/**
 * The operation `inbox.subscribe`. Only what there are credits for is leased, and only when the caller has taken what came
 * before: a slow one has at most one fetch of payload here, and holds up nobody. What it has not taken when it goes is
 * given back at once. Several subscriptions of one agent share its inbox.
 */
export function subscribeHandlers({ deliveries, doorbell, inFlight }: SubscribePorts) {
  const giveBack = async (consumer: string, { queue, id, secret }: LeasedMessage): Promise<void> => {
    // Should Redis be away, the end of the lease brings it back.
    await deliveries.settle({ queue, id, secret, consumer, verb: 'release' }).catch(() => undefined);
  };
  return {
    'inbox.subscribe': async function* ({ credits, leaseSeconds }, { principal, signal, onGrant }) {
      const { tenant, id: consumer } = principal;
      const queue = inboxOf(tenant, consumer);
      const [partition] = deliveries.partitionsOf(queue) as [number];
      const traceparent = activeTraceparent();
      const bell = doorbell.listen(queueName(queue));
      const window = inFlight.open(queueName(queue), credits);
      onGrant((more) => window.grant(more, limits.subscriptionCredits));
      let waiting: LeasedMessage[] = [];
      try {
        while (!signal.aborted) {
          await window.freed(signal);
          const count = Math.min(window.free, limits.inboxFetchItems);
          if (signal.aborted || count === 0) continue;
          waiting = await deliveries.fetch({ queue, partition, consumer, count, leaseSeconds, traceparent });
          const found = waiting.length;
          window.add(
            waiting.map(({ id }) => id),
            leaseSeconds * 1_000,
          );
          while (waiting.length > 0 && !signal.aborted) {
            // Handed out, it is the caller's: who goes while it is on its way may have it, and may acknowledge it.
            const message = waiting.shift()!;
            // What the caller was too slow to take is somebody else's by now.
            if (window.has(message.id)) yield toDelivery(message);
          }
          if (found === 0 && !(await bell.wait(lookMs, signal)) && !signal.aborted)
            throw new ConcordatError('SERVICE_UNAVAILABLE', 'The gateway stops; connect again.');
        }
      } finally {
        window.close();
        bell.end();
        await Promise.all(waiting.map((message) => giveBack(consumer, message)));
      }
    },
  } satisfies OperationHandlers;
}
