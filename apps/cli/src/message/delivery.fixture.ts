import { type Delivery } from '@concordat/contracts';

export const messageId = 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057';

/** A delivery as the gateway hands it out. */
export const deliveryOf = (from: string, to: string, over: Partial<Delivery> = {}): Delivery => ({
  ...{
    id: messageId,
    deliveryToken: `${messageId}.s`,
    attempt: 1,
    from,
    to,
    type: 'QUERY',
    priority: 'HIGH',
  },
  ...{ correlationId: 'c', replyTo: null, key: null, payload: { n: 1 }, schema: null, signature: null },
  ...{ timestamp: '2026-01-01T00:00:00.000Z', expiresAt: null, delaySeconds: null, leaseSeconds: 30 },
  ...{ traceparent: null, cloudEvent: null },
  ...over,
});
