import type { OperationInput, OperationOutput } from '@concordat/contracts';
import { AeadError } from '@concordat/crypto';
import type { Logger, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import type { Disclosure, EventSealer } from '../leaf/event-sealer';
import { dataOf } from '../leaf/event-text';
import type { Covered } from '../log/covered';
import { readCursor, writeCursor } from '../trail/page';
import type { Trail } from '../trail/trail';
import type { EventQueries } from './event-queries';
import type { EventRow } from './event-row';

export interface EventPorts {
  readonly queries: EventQueries;
  readonly sealer: EventSealer;
  readonly covered: Covered;
  readonly trail: Trail;
  readonly logger: Logger;
}

type Item = OperationOutput<'audit.events'>['items'][number];

const placeSchema = z.strictObject({ before: z.number().int().nonnegative() });

/** The operation `audit.events`. */
export function eventHandlers(ports: EventPorts) {
  const { queries, covered, trail } = ports;
  return {
    'audit.events': ({ limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const before = beforeOf(cursor, covered.size);
        const { rows, isLast } = await queries.page(reach, filter, before, limit);
        const items = await Promise.all(rows.map((row) => toItem(ports, row)));
        const nextCursor = isLast ? null : writeCursor({ before: rows.at(-1)!.logIndex });
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

/** Nothing above the checkpoint is shown: an event that is seen can be proven. */
const beforeOf = (cursor: OperationInput<'audit.events'>['cursor'], size: number): number =>
  cursor === undefined ? size : Math.min(size, readCursor(placeSchema, cursor).before);

async function toItem(ports: EventPorts, row: EventRow): Promise<Item> {
  const disclosure = await openEvent(ports, row);
  return {
    id: row.eventId,
    type: row.type,
    source: row.source,
    subject: row.subject,
    actor: row.actor,
    time: row.time.toISOString(),
    correlationId: row.correlationId,
    traceId: row.traceId,
    data: disclosure === undefined ? null : (dataOf(disclosure.event) as Item['data']),
    logIndex: row.logIndex,
  };
}

/**
 * @returns undefined when the subject was erased. Also when the row was changed, which is reported: one bad row must not
 *   hide its neighbours, and verifying the log names it.
 */
export async function openEvent(
  { sealer, logger }: Pick<EventPorts, 'sealer' | 'logger'>,
  { tenant, eventId, keyId, body }: EventRow,
): Promise<Disclosure | undefined> {
  try {
    return await sealer.open(tenant, eventId, { keyId, box: body });
  } catch (error) {
    if (!(error instanceof AeadError)) throw error;
    logger.error({ eventId }, 'the stored body of an event was changed');
    return undefined;
  }
}
