import type { Delivery, OperationOutput, OperationRequest } from '@concordat/contracts';
import type { CallOptions } from '../call/caller';
import type { Invoke } from '../operation-groups';
import { isConcordatProblem } from '../problem';

type Send = OperationRequest<'message.send'>;

export interface ReplyOptions extends Partial<Pick<Send, 'type' | 'priority' | 'ttlSeconds'>> {
  readonly signal?: AbortSignal | undefined;
  /** Sign it with the key of the agent. */
  readonly sign?: boolean | undefined;
}

/** How a message is given back. Without a delay the pause before it comes again grows with its attempts. */
export type NackOptions = Partial<Pick<OperationRequest<'inbox.nack'>, 'delaySeconds' | 'reason'>>;

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
  /**
   * Gives the message back, to be delivered again after a pause, or to fail after its last attempt. It is not
   * acknowledged then, however the handler ends.
   * @returns what became of it; null when its lease had ended before, so that it comes again anyway
   * @throws ConcordatProblem; Error when it was given back before
   */
  nack(options?: NackOptions): Promise<OperationOutput<'inbox.nack'>['outcome'] | null>;
}

/**
 * One delivery, ready for a handler.
 * @param nack gives it back
 */
export function receive(
  { deliveryToken: _, ...delivery }: Delivery,
  invoke: Invoke,
  nack: ReceivedMessage['nack'],
): ReceivedMessage {
  let hasReplied = false;
  return Object.freeze({
    ...delivery,
    nack,
    reply: async (payload, { signal, sign, ...over } = {}) => {
      if (hasReplied) throw new Error('A message has one reply; send further messages with messages.send.');
      const request = replyTo(delivery, payload, over);
      hasReplied = true;
      const options: CallOptions = {
        ...{ signal, sign },
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
