import { ConcordatError, type OperationOutput, parseStrictJson } from '@concordat/contracts';
import { AeadError } from '@concordat/crypto';
import type { Logger, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import type { EventSealer } from '../leaf/event-sealer';
import { cursorsOf } from '../trail/page';
import type { Reach, Trail } from '../trail/trail';
import type { ListedMessage, MessageFilter, MessagePlace, MessageQueries } from './message-queries';
import type { MessageRow } from './message-row';

export interface MessagePorts {
  readonly queries: MessageQueries;
  readonly sealer: EventSealer;
  readonly trail: Trail;
  readonly logger: Logger;
}

export type MessageItem = OperationOutput<'audit.messages'>['items'][number];

export const messagePlace: z.ZodType<MessagePlace> = z.strictObject({
  at: z.iso.datetime(),
  messageId: z.string(),
});

/** The operations `audit.messages` and `audit.history`. */
export function messageHandlers(ports: MessagePorts) {
  const { trail } = ports;
  return {
    'audit.messages': ({ limit, cursor, ...filter }, context) =>
      trail.query(context, (reach) =>
        pageOf(
          ports,
          reach,
          { ...filter, ...labelsOf(filter.labels) },
          { operation: context.operation, limit, cursor },
        ),
      ),
    'audit.history': ({ limit, cursor, did, direction, ...filter }, context) =>
      trail.query(context, (reach) =>
        pageOf(
          ports,
          reach,
          { ...filter, ...partyOf(did, direction) },
          { operation: context.operation, limit, cursor },
        ),
      ),
  } satisfies OperationHandlers;
}

/** Which page of which operation. */
interface Asked {
  readonly operation: string;
  readonly limit: number;
  readonly cursor: string | undefined;
}

async function pageOf(
  ports: MessagePorts,
  reach: Reach,
  filter: MessageFilter,
  { operation, limit, cursor }: Asked,
) {
  const cursors = cursorsOf(messagePlace, { operation, ...filter });
  const place = cursor === undefined ? undefined : cursors.read(cursor);
  const { rows, isLast } = await ports.queries.page(reach, filter, place, limit);
  const items = await Promise.all(rows.map((row) => toItem(ports, row)));
  const nextCursor = isLast ? null : cursors.write(placeOf(rows.at(-1)!));
  return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
}

const parties = { sent: 'fromAgent', received: 'toAgent', both: 'agent' } as const;
const partyOf = (did: string, direction: keyof typeof parties): Partial<MessageFilter> => ({
  [parties[direction]]: did,
});

/** @throws ConcordatError INPUT_INVALID when they are not an object of scalars */
function labelsOf(text: string | undefined): Pick<MessageFilter, 'labels'> {
  if (text === undefined) return {};
  const labels = labelFilter.safeParse(jsonOf(text));
  if (labels.success) return { labels: JSON.stringify(labels.data) };
  const errors = [{ pointer: '/labels', message: 'must be a JSON object of labels: {"orderId":"4711"}' }];
  throw new ConcordatError('INPUT_INVALID', 'The labels cannot be searched for.', { errors });
}

const labelFilter = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .refine((labels) => Object.keys(labels).length > 0);

function jsonOf(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}

export const placeOf = ({ at, messageId }: ListedMessage): MessagePlace => ({ at, messageId });

export async function toItem(
  ports: Pick<MessagePorts, 'sealer' | 'logger'>,
  row: MessageRow,
): Promise<MessageItem> {
  return {
    messageId: row.messageId,
    from: row.fromAgent,
    to: row.toAgent,
    type: row.messageType as MessageItem['type'],
    priority: row.priority as MessageItem['priority'],
    status: row.status as MessageItem['status'],
    correlationId: row.correlationId,
    replyTo: row.replyTo,
    payload: await openPayload(ports, row),
    timestamp: row.timestamp!.toISOString(),
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    ttlSeconds: row.ttlSeconds,
    retryCount: row.retryCount,
    error: row.errorMessage,
  };
}

/** null when the sender was erased; also when the row was changed, which is reported: it must not hide its neighbours. */
async function openPayload(
  { sealer, logger }: Pick<MessagePorts, 'sealer' | 'logger'>,
  row: MessageRow,
): Promise<MessageItem['payload']> {
  const { tenant, messageId, payload, payloadKeyId } = row;
  if (!payload || payloadKeyId === null) return null;
  try {
    return (await sealer.openPayload(tenant, messageId, {
      keyId: payloadKeyId,
      box: payload,
    })) as MessageItem['payload'];
  } catch (error) {
    if (!(error instanceof AeadError)) throw error;
    logger.error({ messageId }, 'the stored payload of a message was changed');
    return null;
  }
}
