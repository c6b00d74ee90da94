import { rankOf } from '../message/message-change';
import { microseconds } from './event-pages';
import type { Told } from './message-folds';
import type { StoredMessage } from './message-pages';

type Columns = Partial<StoredMessage>;

/** What the acceptance of a message says of its row, but for the payload. */
export const acceptedRight = ({ from, to, acceptance }: Told) =>
  ({
    ...{ fromAgent: from, toAgent: to, messageType: acceptance?.type ?? null },
    ...{ priority: acceptance?.priority ?? null, correlationId: acceptance?.correlationId ?? null },
    ...{ replyTo: acceptance?.replyTo ?? null, ttlSeconds: acceptance?.ttlSeconds ?? null },
    timestampUs: acceptance ? microseconds(acceptance.timestamp) : null,
  }) satisfies Columns;

/** What became of it. @param told undefined: nothing since it was accepted */
export const laterRight = (told: Told | undefined) =>
  ({
    ...{ status: told?.status ?? 'PENDING', statusRank: told ? rankOf(told) : 0 },
    ...{ retryCount: Math.max(0, (told?.attempt ?? 0) - 1), errorMessage: told?.error ?? null },
    deliveredUs: told?.deliveredAt ? microseconds(told.deliveredAt) : null,
  }) satisfies Columns;

/** @returns what of a row is not as it should be */
export function wrongColumn(row: StoredMessage, right: Columns): string | undefined {
  const names = Object.keys(right) as (keyof typeof columns)[];
  const wrong = names.find((name) => row[name] !== right[name]);
  return wrong && `${columns[wrong]} is not what events tell`;
}

const columns = {
  ...{ fromAgent: 'from_agent', toAgent: 'to_agent', messageType: 'message_type', priority: 'priority' },
  ...{ status: 'status', statusRank: 'status_rank', correlationId: 'correlation_id', replyTo: 'reply_to' },
  ...{ timestampUs: 'timestamp', deliveredUs: 'delivered_at', ttlSeconds: 'ttl_seconds' },
  ...{ retryCount: 'retry_count', errorMessage: 'error_message' },
} as const;
