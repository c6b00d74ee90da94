import { randomUUID } from 'node:crypto';
import { limits, type OperationRequest } from '@concordat/contracts';
import type { CallOptions } from '../call/caller';
import { TimeFrame } from '../call/time-frame';
import type { Clock } from '../clock';
import type { Invoke } from '../operation-groups';
import { ConcordatProblem } from '../problem';
import type { Replies, Reply } from './replies';

type Send = OperationRequest<'message.send'>;

/** A message that is answered. The reply comes to the own inbox; type QUERY unless it says otherwise. */
export type Request = Omit<Send, 'type' | 'replyTo'> & Partial<Pick<Send, 'type'>>;

export interface RequestOptions extends Omit<CallOptions, 'totalMs'> {
  /** How long the reply may take, from now; default 30,000. The request expires then too, where it has no time to live. */
  readonly timeoutMs?: number | undefined;
}

export interface RequestPorts {
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly replies: Replies;
}

/**
 * Sends a message and waits for the RESPONSE with its correlation id, a new one unless the request names one: from the
 * agent that was asked, or the first from anybody when a topic or everybody was. The readers of the inbox hand it over
 * (`Replies`); replies that come later are dropped.
 * @throws ConcordatProblem of `message.send`, DEADLINE_EXCEEDED; the reason of the signal; see also `Replies.wait`
 */
export async function request(
  { invoke, clock, replies }: RequestPorts,
  message: Request,
  { timeoutMs = 30_000, signal, ...options }: RequestOptions = {},
): Promise<Reply> {
  const correlationId = message.correlationId ?? randomUUID();
  const ttlSeconds = Math.min(limits.messageTtlSeconds, Math.max(1, Math.ceil(timeoutMs / 1_000)));
  const reply = replies.wait(correlationId, message.to);
  const frame = new TimeFrame({ clock, ms: timeoutMs, signal, late: () => unanswered(timeoutMs) });
  try {
    const sent = invoke(
      'message.send',
      { type: 'QUERY', ttlSeconds, ...message, correlationId },
      { ...options, signal: frame.signal, totalMs: timeoutMs },
    );
    // The reply may overtake the answer that says that the request was taken.
    return await frame.race(Promise.race([reply, sent.then(() => reply)]));
  } finally {
    frame.close();
    replies.end(correlationId);
  }
}

const unanswered = (ms: number): ConcordatProblem =>
  new ConcordatProblem('DEADLINE_EXCEEDED', {
    detail: `There was no reply within ${ms} ms.`,
    fix: 'Check that the agent is there and answers with `reply`, or raise `timeoutMs`.',
  });
