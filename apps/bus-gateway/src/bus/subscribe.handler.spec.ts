import type { Delivery } from '@concordat/contracts';
import type { StreamContext } from '@concordat/runtime';
import { agentPrincipal, newAgent } from '@concordat/testing';
import { v7 as uuidV7 } from 'uuid';
import type { LeasedMessage, Settlement } from './delivery-store';
import { InFlight } from './in-flight';
import { inboxOf } from './queue';
import { subscribeHandlers } from './subscribe.handler';

const { did } = newAgent();
const queue = inboxOf('default', did);

function leased(): LeasedMessage {
  const id = `msg-1-0-${uuidV7()}`;
  const head = JSON.stringify({
    messageId: id,
    from: did,
    to: did,
    type: 'EVENT',
    priority: 'NORMAL',
    ttlSeconds: null,
  });
  const time = '2026-01-01T00:00:00.000Z';
  return {
    ...{ queue, id, secret: 's', attempt: 1, head, payload: '1', time },
    traceparent: '',
    leaseSeconds: 30,
  };
}

it('a caller that goes while a delivery is on its way / keeps that one, and the others are given back', async () => {
  const messages = [leased(), leased(), leased()];
  const settled: Settlement[] = [];
  const handlers = subscribeHandlers({
    deliveries: {
      partitionsOf: () => [0],
      fetch: async () => messages,
      settle: async (settlement) => {
        settled.push(settlement);
        return { outcome: 'returned', partition: 0, at: undefined };
      },
    },
    doorbell: { listen: () => ({ wait: async () => true, end: () => undefined }) },
    inFlight: new InFlight(() => 0),
  });
  const context = {
    ...{ principal: agentPrincipal(did), signal: new AbortController().signal, onGrant: () => undefined },
  } as unknown as StreamContext;
  const ids = messages.map(({ id }) => id);
  const items = handlers['inbox.subscribe']({ credits: 3, leaseSeconds: 30 }, context);
  expect(((await items.next()).value as Delivery).id).toBe(ids[0]);
  await items.return(undefined);
  expect(settled.map(({ verb, id }) => [verb, id])).toEqual(ids.slice(1).map((id) => ['release', id]));
});
