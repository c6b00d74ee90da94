import { type AuditErasure, ConcordatError, eventId, SubjectErased } from '@concordat/contracts';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import type { FilterQuery } from '@mikro-orm/postgresql';
import { z } from 'zod';
import type { Covered } from '../log/covered';
import { causedBy, type OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { cutPage, readCursor, writeCursor } from '../trail/page';
import type { Trail } from '../trail/trail';
import { Erasure, type ErasureRow } from './erasure-rows';
import { holdOn } from './legal-hold';
import { sealedNames } from './sealing-keys';

export interface ErasureHandlerPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly covered: Covered;
  readonly trail: Trail;
  readonly clock: Clock;
}

/** Longest wait for an erasure to be carried out; it goes on without its caller. */
const carriedOutMs = 1_000;
/** Of a row at most: names, and a receipt with some dozens of keys. */
const rowBytes = 4_096;

const placeSchema = z.strictObject({ requestedAt: z.iso.datetime(), orderedBy: z.string().max(128) });
type Place = z.infer<typeof placeSchema>;

/**
 * The operations on erasures. The order is an event of the log like any other, and its ingest carries it out: so it is in
 * the log, and in force after a restart, before anybody is told that it is.
 */
export function erasureHandlers({ store, ownEvents, covered, trail, clock }: ErasureHandlerPorts) {
  return {
    'audit.erase': async ({ subject }, context) => {
      const result = await ownEvents.command(context, { subject }, async (em, append) => {
        const cause = causedBy(context);
        const names = await sealedNames(em, cause.tenant, subject);
        const hold = await holdOn(em, cause.tenant, names);
        if (hold !== undefined)
          throw new ConcordatError('LEGAL_HOLD_ACTIVE', `The legal hold ${hold} is in force.`);
        append({ spec: SubjectErased, ...cause, data: { subject } });
        return { requestedAt: clock.now().toISOString() };
      });
      const position = result.position!;
      const orderedBy = eventId('audit', position);
      const { tenant } = context.principal;
      await covered.until({ audit: position }, carriedOutMs);
      const row = await store.read((em) => em.findOne(Erasure, { tenant, orderedBy }));
      const asked = { orderedBy, subject, origin: 'audit', ...result.output } as const;
      return { ...result, output: row ? toErasure(row) : { ...asked, erasedAt: null, receipt: null } };
    },

    'audit.erasures': ({ subject, limit, cursor }, context) =>
      trail.query(context, async ({ tenant }) => {
        const place = cursor === undefined ? undefined : readCursor(placeSchema, cursor);
        const where: FilterQuery<ErasureRow> = {
          $and: [
            { tenant },
            ...(subject === undefined ? [] : [{ subject }]),
            ...(place ? before(place) : []),
          ],
        };
        const orderBy = [{ requestedAt: 'desc' }, { orderedBy: 'desc' }] as const;
        const found = await store.read((em) =>
          em.find(Erasure, where, { orderBy: [...orderBy], limit: limit + 1 }),
        );
        const { rows, isLast } = cutPage(found, limit, () => rowBytes);
        const nextCursor = isLast ? null : writeCursor(placeOf(rows.at(-1)!));
        const output = { items: rows.map(toErasure), nextCursor };
        return { results: rows.length, answer: { output, position: null } };
      }),
  } satisfies OperationHandlers;
}

const placeOf = ({ requestedAt, orderedBy }: ErasureRow): Place => ({
  requestedAt: requestedAt.toISOString(),
  orderedBy,
});

function before({ requestedAt, orderedBy }: Place): FilterQuery<ErasureRow>[] {
  const at = new Date(requestedAt);
  const tie = {
    $or: [{ requestedAt: { $lt: at } }, { requestedAt: at, orderedBy: { $lt: orderedBy } }],
  };
  return [{ requestedAt: { $lte: at } }, tie];
}

const toErasure = ({ orderedBy, subject, requestedAt, erasedAt, receipt }: ErasureRow): AuditErasure => ({
  ...{ orderedBy, subject, receipt },
  origin: orderedBy.startsWith('audit:') ? 'audit' : 'iam',
  requestedAt: requestedAt.toISOString(),
  erasedAt: erasedAt?.toISOString() ?? null,
});
