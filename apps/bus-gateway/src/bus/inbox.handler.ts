import { ConcordatError, type Delivery, limits, messageId, type OperationInput } from '@concordat/contracts';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import type { Authenticator } from '../edge/authenticate';
import type { Doorbell } from './doorbell';
import type { LeasedMessage, MessageStore } from './message-store';
import { inboxName } from './partition';

export interface InboxPorts {
  readonly store: MessageStore;
  readonly doorbell: Doorbell;
  readonly authenticator: Authenticator;
  readonly monotonicMs: () => number;
  /** Stable name of this gateway: the consumer in the group `agent_wavefront`. */
  readonly instance: string;
}

/** A waiting request looks for itself after so long, should a ring ever be lost. */
const lookMs = 5_000;

/** The operations `inbox.*`. */
export function inboxHandlers(ports: InboxPorts) {
  const { store } = ports;
  return {
    'inbox.fetch': async (input, context) => {
      const messages = await fetchOrWait(ports, input, context);
      return {
        output: { items: messages.map((message) => toDelivery(message, input.leaseSeconds)) },
        position: null,
      };
    },

    'inbox.ack': async ({ tokens }, { principal }) => {
      const pairs = tokens.map(parseToken);
      const known = pairs.map((pair) => pair ?? { id: '-', secret: '-' });
      const { settled, partition, at } = await store.ack(principal.tenant, principal.id, known);
      const errors = settled.flatMap((isSettled, i) =>
        isSettled ? [] : [{ pointer: `/tokens/${i}`, message: 'is stale' }],
      );
      if (errors.length > 0) {
        const detail = `${errors.length} of ${tokens.length} tokens are stale; the others were acknowledged.`;
        throw new ConcordatError('DELIVERY_TOKEN_STALE', detail, { errors });
      }
      return {
        output: { acked: known.map(({ id }) => id) },
        position: at ?? null,
        source: busSource(partition),
      };
    },
  } satisfies OperationHandlers;
}

async function fetchOrWait(
  { store, doorbell, authenticator, monotonicMs, instance }: InboxPorts,
  { count, waitSeconds, leaseSeconds }: OperationInput<'inbox.fetch'>,
  { principal, signal = AbortSignal.timeout(limits.inboxWaitSeconds * 1_000) }: OperationContext,
): Promise<LeasedMessage[]> {
  const { tenant, id: recipient } = principal;
  const end = monotonicMs() + waitSeconds * 1_000;
  const request = { tenant, recipient, count, leaseSeconds, consumer: instance };
  if (waitSeconds === 0) return store.fetch(request);
  const bell = doorbell.listen(inboxName(tenant, recipient));
  try {
    for (;;) {
      const messages = await store.fetch(request);
      const left = end - monotonicMs();
      if (messages.length > 0 || left <= 0) return messages;
      if (!(await bell.wait(Math.min(left, lookMs), signal))) return [];
      // The caller may have been revoked while it waited.
      authenticator.recheck(principal);
    }
  } finally {
    bell.end();
  }
}

/** `<message id>.<secret>` */
function parseToken(token: string): { id: string; secret: string } | undefined {
  const dot = token.indexOf('.');
  const id = token.slice(0, dot);
  return messageId.safeParse(id).success ? { id, secret: token.slice(dot + 1) } : undefined;
}

function toDelivery(message: LeasedMessage, leaseSeconds: number): Delivery {
  const expiresAt =
    message.ttlMs === '' ? null : new Date(Date.parse(message.time) + Number(message.ttlMs)).toISOString();
  return {
    id: message.id,
    deliveryToken: `${message.id}.${message.token}`,
    attempt: Number(message.attempt),
    from: message.from,
    to: message.to,
    type: message.type as Delivery['type'],
    priority: message.priority as Delivery['priority'],
    correlationId: message.correlation || null,
    replyTo: message.replyTo || null,
    payload: JSON.parse(message.data) as Delivery['payload'],
    timestamp: message.time,
    expiresAt,
    leaseSeconds,
    traceparent: message.traceparent || null,
  };
}
