import { ConcordatError, type OperationInput, type Position, type Principal } from '@concordat/contracts';
import { activeTraceparent, type OperationContext, type OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import type { InFlight } from './in-flight';
import { type DeliveryRef, parseToken } from './delivery-token';
import type { Outcome, Settled, Settlement } from './delivery-store';
import { toDelivery } from './delivery-view';
import { poll, type PollPorts } from './poll';
import { inboxOf, type Queue, queueName } from './queue';

export interface InboxPorts extends PollPorts {
  readonly inFlight: Pick<InFlight, 'settled'>;
}

/** How a delivery of the caller ends, without the delivery. */
type Verb =
  | { readonly verb: 'ack' }
  | { readonly verb: 'nack'; readonly delayMs: number | undefined; readonly reason: string }
  | { readonly verb: 'extend'; readonly leaseMs: number };

/** The operations `inbox.*`, which settle what groups have handed out too. */
export function inboxHandlers(ports: InboxPorts) {
  return {
    'inbox.fetch': async (input, context) => {
      const queue = inboxOf(context.principal.tenant, context.principal.id);
      return { output: { items: await fetchFrom(ports, queue, input, context) }, position: null };
    },

    'inbox.ack': async ({ tokens }, { principal }) => {
      const settled = await settleAll(ports, principal, tokens, { verb: 'ack' });
      return { output: { acked: idsOf(tokens) }, ...settled };
    },

    'inbox.extend': async ({ tokens, leaseSeconds }, { principal }) => {
      await settleAll(ports, principal, tokens, { verb: 'extend', leaseMs: leaseSeconds * 1_000 });
      return { output: { extended: idsOf(tokens) }, position: null };
    },

    'inbox.nack': async ({ token, delaySeconds, reason }, { principal }) => {
      const delivery = parseToken(token, principal.tenant, principal.id);
      const delayMs = delaySeconds === undefined ? undefined : delaySeconds * 1_000;
      const settled = await settleOne(ports, principal, delivery, { verb: 'nack', delayMs, reason });
      if (settled.outcome === 'stale') throw new ConcordatError('DELIVERY_TOKEN_STALE');
      const outcome = settled.outcome as Exclude<Outcome, 'stale' | 'settled'>;
      return {
        output: { id: delivery!.id, outcome },
        position: settled.at ?? null,
        source: busSource(settled.partition),
      };
    },
  } satisfies OperationHandlers;
}

/** Messages of a queue for its consumer. */
export async function fetchFrom(
  ports: PollPorts,
  queue: Queue,
  { count, waitSeconds, leaseSeconds }: OperationInput<'inbox.fetch'>,
  { principal, signal, recheck }: Pick<OperationContext, 'principal' | 'signal' | 'recheck'>,
) {
  const request = { queue, count, waitSeconds, leaseSeconds, signal, consumer: principal.id };
  return (await poll(ports, { ...request, recheck: () => recheck?.() })).map(toDelivery);
}

const idsOf = (tokens: readonly string[]): string[] => tokens.map((token) => token.split('.')[0]!);

async function settleOne(
  { deliveries, inFlight }: InboxPorts,
  { id: consumer }: Principal,
  delivery: DeliveryRef | undefined,
  verb: Verb,
  traceparent = activeTraceparent(),
): Promise<Settled> {
  if (!delivery) return { outcome: 'stale', partition: 0, at: undefined };
  const { queue, id, secret } = delivery;
  const settlement: Settlement = { ...verb, queue, id, secret, consumer, traceparent };
  const settled = await deliveries.settle(settlement);
  if (verb.verb !== 'extend' && settled.outcome !== 'stale') inFlight.settled(queueName(queue), [id]);
  return settled;
}

/** @throws ConcordatError DELIVERY_TOKEN_STALE when one of them is; the others are settled nevertheless */
async function settleAll(
  ports: InboxPorts,
  principal: Principal,
  tokens: readonly string[],
  verb: Verb,
): Promise<{ position: Position | null; source: string }> {
  const refs = tokens.map((token) => parseToken(token, principal.tenant, principal.id));
  const traceparent = activeTraceparent();
  const settled = await Promise.all(refs.map((ref) => settleOne(ports, principal, ref, verb, traceparent)));
  const errors = settled.flatMap(({ outcome }, i) =>
    outcome === 'stale' ? [{ pointer: `/tokens/${i}`, message: 'is stale' }] : [],
  );
  if (errors.length > 0) {
    const detail = `${errors.length} of ${tokens.length} tokens are stale; the others were settled.`;
    throw new ConcordatError('DELIVERY_TOKEN_STALE', detail, { errors });
  }
  const last = settled.findLast(({ at }) => at !== undefined);
  return { position: last?.at ?? null, source: busSource(last?.partition ?? 0) };
}
