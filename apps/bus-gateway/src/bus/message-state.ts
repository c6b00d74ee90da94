import type { OperationOutput } from '@concordat/contracts';
import { parseHead } from './delivery-view';
import type { PartitionScripts } from './partition-scripts';

export type MessageView = OperationOutput<'message.get'>;
type Attempt = MessageView['history'][number];

/** Attempts as the scripts keep them: JSON objects with commas between. */
export const parseHistory = (text: string): Attempt[] =>
  (JSON.parse(`[${text}]`) as (Omit<Attempt, 'error'> & { error?: string })[]).map(
    ({ error = null, ...attempt }) => ({ ...attempt, error }),
  );

/** What is known of messages, from their acceptance until a while after their end. */
export class MessageStates {
  constructor(private readonly scripts: PartitionScripts) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async read(tenant: string, partition: number, id: string): Promise<MessageView | undefined> {
    const reply = (await this.scripts.run('readMessage', partition, [tenant, id])) as string[] | null;
    if (reply === null) return undefined;
    const [head, open, delivered, failed, expired, purged, deliveredAt, delivery, attempts, history, time] =
      reply as [string, ...string[]];
    const { from, to, type, priority, correlationId } = parseHead(head);
    const recipients = {
      ...{ open: Number(open), delivered: Number(delivered), failed: Number(failed) },
      ...{ expired: Number(expired), purged: Number(purged) },
    };
    return {
      ...{ id, from, to, type, priority, correlationId, timestamp: time! },
      status: to === '*' ? broadcastStatus(delivery!) : statusOf(recipients, delivery!),
      deliveredAt: deliveredAt || null,
      attempts: Number(attempts),
      recipients: to === '*' ? null : recipients,
      history: parseHistory(history!),
    };
  }
}

/** Nobody counts who has had it, and there may always be somebody who has not. */
const broadcastStatus = (state: string): MessageView['status'] => (state === 'X' ? 'EXPIRED' : 'PENDING');

/** @param delivery state of its only delivery (P, S, D, F, X), or '' when it has several recipients */
function statusOf(
  { open, failed, expired, purged }: NonNullable<MessageView['recipients']>,
  delivery: string,
): MessageView['status'] {
  if (delivery === 'S') return 'SENT';
  if (delivery === 'P') return 'PENDING';
  // A dead letter is still open: it may be replayed.
  if (open - failed > 0) return 'PENDING';
  if (failed > 0) return 'FAILED';
  return expired + purged > 0 ? 'EXPIRED' : 'DELIVERED';
}
