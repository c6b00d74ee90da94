import { setTimeout as delay } from 'node:timers/promises';
import type { OperationOutput } from '@concordat/contracts';
import type { Chunk, Logger, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import { toItem } from '../event/event.handler';
import type { EventFilter, EventQueries } from '../event/event-queries';
import type { EventSealer } from '../leaf/event-sealer';
import type { Covered } from '../log/covered';
import type { PlaceSeal } from '../trail/place-seal';
import { type Reach, reachOf, type Trail } from '../trail/trail';

/** Longest wait for something new; with the query behind it an answer is in time. */
const waitMs = 1_000;
/** What is new after the wait gathers for a moment: a log that never rests costs a tail some four queries a second. */
const gatherMs = 200;
/** Tails that wait here at the same time; further ones are answered at once, and the gateway waits before it asks again. */
const waitersLimit = 256;
/** Events of one chunk, and entries that one query looks at. */
const [eventsAtOnce, window] = [200, 50_000];

export interface TailPorts {
  readonly events: EventQueries;
  readonly sealer: EventSealer;
  readonly covered: Covered;
  readonly trail: Trail;
  readonly places: PlaceSeal;
  readonly logger: Logger;
}

const tailPlace = z.strictObject({ next: z.number().int().nonnegative() });

/** The operation `audit.stream`: as the log grows, from where the caller was. Only its opening is on record. */
export function tailHandlers(ports: TailPorts) {
  const { covered, trail, places } = ports;
  let waiting = 0;
  const wait = async (next: number): Promise<void> => {
    if (covered.size > next || waiting >= waitersLimit) return;
    waiting++;
    try {
      if (await covered.beyond(next, waitMs)) await delay(gatherMs);
    } finally {
      waiting--;
    }
  };
  return {
    'audit.stream': async (input, sealed, context) => {
      const { lastEventId, ...filter } = input;
      let next: number;
      if (sealed === null) {
        await trail.opened(context, null);
        // Whose place is behind the end was in another log, or in one that was lost.
        next = Math.min(lastEventId === undefined ? Infinity : lastEventId + 1, covered.size);
      } else {
        next = places.open(tailPlace, context, input, sealed).next;
        await wait(next);
      }
      const { items, next: after } = await read(ports, reachOf(context.principal), filter, next);
      return { items, next: places.seal(context, input, { next: after }) };
    },
  } satisfies OperationHandlers;
}

async function read(
  { events, covered, sealer, logger }: TailPorts,
  reach: Reach,
  filter: EventFilter,
  begin: number,
): Promise<Omit<Chunk<OperationOutput<'audit.stream'>>, 'next'> & { readonly next: number }> {
  const end = Math.min(covered.size, begin + window);
  if (end <= begin) return { items: [], next: begin };
  const { rows, isLast } = await events.forward(reach, filter, { begin, end }, eventsAtOnce);
  const items = await Promise.all(rows.map((row) => toItem({ sealer, logger }, row)));
  return { items, next: isLast ? end : rows.at(-1)!.logIndex + 1 };
}
