import type { Delivery, OperationOutput, OperationRequest } from '@concordat/contracts';
import type { CallOptions } from '../call/caller';
import type { Invoke } from '../operation-groups';
import { isConcordatProblem } from '../problem';

type Send = OperationRequest<'message.send'>;

export interface ReplyOptions extends Partial<Pick<Send, 'type' | 'priority' | 'ttlSeconds'>> {
  readonly signal?: AbortSignal | undefined;
}

/** A message as its handler gets it. */
export interface ReceivedMessage extends Readonly<Omit<Delivery, 'deliveryToken'>> {
  /**
   * Answers the sender: type RESPONSE, with the correlation id of the message (its id when it has none). There is one
   * reply to a message, however often it is handled, also by another process after a crash: the reply is named by the
   * message.
   * @returns what `message.send` answered; null when an earlier handling has replied with another content, which stays
   * @throws ConcordatProblem; Error for a second reply in one handling, or to a sender without an inbox
   */
  reply(payload: Send['payload'], options?: ReplyOptions): Promise<OperationOutput<'message.send'> | null>;
}

/** One delivery, ready for a handler. */
export function receive({ deliveryToken: _, ...delivery }: Delivery, invoke: Invoke): ReceivedMessage {
  let hasReplied = false;
  return Object.freeze({
    ...delivery,
    reply: async (payload, { signal, ...over } = {}) => {
      if (hasReplied) throw new Error('A message has one reply; send further messages with messages.send.');
      const request = replyTo(delivery, payload, over);
      hasReplied = true;
      const options: CallOptions = {
        signal,
        idempotencyKey: `reply-${delivery.id}`,
        traceparent: delivery.traceparent ?? undefined,
      };
      try {
        return await invoke('message.send', request, options);
      } catch (error) {
        if (isConcordatProblem(error, 'IDEMPOTENCY_KEY_REUSED')) return null;
        hasReplied = false;
        throw error;
      }
    },
  } satisfies ReceivedMessage);
}

function replyTo(
  { id, from, replyTo: elsewhere, correlationId, priority }: Omit<Delivery, 'deliveryToken'>,
  payload: Send['payload'],
  over: Partial<Send>,
): Send {
  const to = elsewhere ?? from;
  if (!to.startsWith('did:')) throw new Error(`${to} has no inbox: the message has nobody to reply to.`);
  return { to, type: 'RESPONSE', priority, payload, correlationId: correlationId ?? id, ...over };
}
