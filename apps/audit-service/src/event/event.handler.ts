import type { OperationOutput } from '@concordat/contracts';
import { AeadError } from '@concordat/crypto';
import type { Logger, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import type { EventSealer } from '../leaf/event-sealer';
import type { Disclosure } from '../leaf/sealed-event';
import { dataOf } from '../leaf/event-text';
import type { Covered } from '../log/covered';
import { cursorsOf } from '../trail/page';
import type { Trail } from '../trail/trail';
import type { EventPlace, EventQueries, ListedEvent } from './event-queries';
import type { EventRow } from './event-row';

export interface EventPorts {
  readonly queries: EventQueries;
  readonly sealer: EventSealer;
  readonly covered: Covered;
  readonly trail: Trail;
  readonly logger: Logger;
}

export type EventItem = OperationOutput<'audit.events'>['items'][number];

export const eventPlace: z.ZodType<EventPlace> = z.strictObject({
  at: z.iso.datetime(),
  logIndex: z.number().int().nonnegative(),
});

/** The operation `audit.events`. Nothing above the checkpoint is shown: an event that is seen can be proven. */
export function eventHandlers(ports: EventPorts) {
  const { queries, covered, trail } = ports;
  return {
    'audit.events': ({ limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const cursors = cursorsOf(eventPlace, { operation: context.operation, ...filter });
        const place = cursor === undefined ? undefined : cursors.read(cursor);
        const { rows, isLast } = await queries.page(reach, filter, covered.size, place, limit);
        const items = await Promise.all(rows.map((row) => toItem(ports, row)));
        const nextCursor = isLast ? null : cursors.write(placeOf(rows.at(-1)!));
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

export const placeOf = ({ at, logIndex }: ListedEvent): EventPlace => ({ at, logIndex });

export async function toItem(
  ports: Pick<EventPorts, 'sealer' | 'logger'>,
  row: EventRow,
): Promise<EventItem> {
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
    data: disclosure === undefined ? null : (dataOf(disclosure.event) as EventItem['data']),
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
