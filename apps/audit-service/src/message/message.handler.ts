import type { OperationOutput } from '@concordat/contracts';
import { AeadError } from '@concordat/crypto';
import type { Logger, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import type { EventSealer } from '../leaf/event-sealer';
import { readCursor, writeCursor } from '../trail/page';
import type { Trail } from '../trail/trail';
import type { MessagePlace, MessageQueries } from './message-queries';
import type { MessageRow } from './message-row';

export interface MessagePorts {
  readonly queries: MessageQueries;
  readonly sealer: EventSealer;
  readonly trail: Trail;
  readonly logger: Logger;
}

type Item = OperationOutput<'audit.messages'>['items'][number];

const placeSchema = z.strictObject({ timestamp: z.iso.datetime(), messageId: z.string() });

/** The operation `audit.messages`. */
export function messageHandlers(ports: MessagePorts) {
  const { queries, trail } = ports;
  return {
    'audit.messages': ({ limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const place = cursor === undefined ? undefined : readCursor(placeSchema, cursor);
        const { rows, isLast } = await queries.page(reach, filter, place, limit);
        const items = await Promise.all(rows.map((row) => toItem(ports, row)));
        const nextCursor = isLast ? null : writeCursor({ ...placeOf(rows.at(-1)!) });
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

const placeOf = ({ timestamp, messageId }: MessageRow): MessagePlace => ({
  timestamp: timestamp!.toISOString(),
  messageId,
});

async function toItem(ports: MessagePorts, row: MessageRow): Promise<Item> {
  return {
    messageId: row.messageId,
    from: row.fromAgent,
    to: row.toAgent,
    type: row.messageType as Item['type'],
    priority: row.priority as Item['priority'],
    status: row.status as Item['status'],
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
async function openPayload({ sealer, logger }: MessagePorts, row: MessageRow): Promise<Item['payload']> {
  const { tenant, messageId, payload, payloadKeyId } = row;
  if (payload === null || payloadKeyId === null) return null;
  try {
    return (await sealer.openPayload(tenant, messageId, {
      keyId: payloadKeyId,
      box: payload,
    })) as Item['payload'];
  } catch (error) {
    if (!(error instanceof AeadError)) throw error;
    logger.error({ messageId }, 'the stored payload of a message was changed');
    return null;
  }
}
