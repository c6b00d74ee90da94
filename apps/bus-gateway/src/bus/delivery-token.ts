import { messageId } from '@concordat/contracts';
import { fromBase64url, toBase64url } from '@concordat/crypto';
import { inboxOf, type Queue, queueAddress, parseQueueAddress } from './queue';

/** One delivery, as its consumer proves it: the queue, the message and the secret of the lease. */
export interface DeliveryRef {
  readonly queue: Queue;
  readonly id: string;
  readonly secret: string;
}

/** `<message id>.<secret>`, and of a group `.<topic:name/group in base64url>` behind it. */
export function toToken({ queue, id, secret }: DeliveryRef): string {
  const token = `${id}.${secret}`;
  return queue.kind === 'inbox' ? token : `${token}.${toBase64url(Buffer.from(queueAddress(queue)))}`;
}

/**
 * @param tenant, consumer of the caller: the token of an inbox says nothing of whose it is
 * @returns undefined for what is no token; it is then as good as a stale one
 */
export function parseToken(token: string, tenant: string, consumer: string): DeliveryRef | undefined {
  const [id, secret, group, ...rest] = token.split('.');
  if (!messageId.safeParse(id).success || !secret || rest.length > 0) return undefined;
  if (group === undefined) return { queue: inboxOf(tenant, consumer), id: id!, secret };
  const address = fromBase64url(group);
  const queue = address && parseQueueAddress(tenant, Buffer.from(address).toString());
  return queue?.kind === 'group' ? { queue, id: id!, secret } : undefined;
}
