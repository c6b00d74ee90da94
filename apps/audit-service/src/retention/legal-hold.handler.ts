import { randomBytes } from 'node:crypto';
import {
  ConcordatError,
  type LegalHold,
  LegalHoldPlaced,
  LegalHoldReleased,
  limits,
} from '@concordat/contracts';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import { causedBy, type OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { cutPage, readCursor, writeCursor } from '../trail/page';
import type { Trail } from '../trail/trail';
import { LegalHoldEntity, type LegalHoldRow } from './legal-hold';

export interface HoldPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly trail: Trail;
  readonly clock: Clock;
}

const placeSchema = z.strictObject({ createdAt: z.iso.datetime(), id: z.string() });
const dateOf = (time: string | undefined): Date | null => (time === undefined ? null : new Date(time));

/** Legal holds: what they cover is kept, whatever its retention says. */
export function holdHandlers({ store, ownEvents, trail, clock }: HoldPorts) {
  return {
    'audit.placeHold': (input, context) =>
      ownEvents.command(context, input, async (em, append) => {
        const { tenant, actor } = causedBy(context);
        const active = await em.count(LegalHoldEntity, { tenant, releasedAt: null });
        if (active >= limits.legalHolds) throw new ConcordatError('HOLDS_FULL');
        const { reason, correlationId = null, from, to } = input;
        const id = `hold_${randomBytes(16).toString('hex')}`;
        // Agents are named by their DID, as the subject of events; `agent:` before it is their name as an actor.
        const subject = input.subject?.replace(/^agent:(?!.*;for=)/, '') ?? null;
        const createdAt = clock.now();
        const covered = { subject, correlationId, fromTime: dateOf(from), toTime: dateOf(to) };
        const made = { createdAt, createdBy: actor, releasedAt: null, releasedBy: null };
        await em.insert(LegalHoldEntity, { tenant, id, reason, ...covered, ...made });
        const data = { id, reason, heldSubject: subject, correlationId, from: from ?? null, to: to ?? null };
        append({ spec: LegalHoldPlaced, tenant, actor, time: createdAt, data });
        return { id, createdAt: createdAt.toISOString() };
      }),
    'audit.releaseHold': (input, context) =>
      ownEvents.command(context, input, async (em, append) => {
        const { tenant, actor } = causedBy(context);
        const { id } = input;
        const releasedAt = clock.now();
        const change = { releasedAt, releasedBy: actor };
        const released = await em.nativeUpdate(LegalHoldEntity, { tenant, id, releasedAt: null }, change);
        if (released > 0) append({ spec: LegalHoldReleased, tenant, actor, time: releasedAt, data: { id } });
        const hold = await em.findOne(LegalHoldEntity, { tenant, id });
        if (!hold) throw new ConcordatError('HOLD_UNKNOWN');
        return { id, releasedAt: hold.releasedAt!.toISOString() };
      }),
    'audit.holds': ({ limit, cursor }, context) =>
      trail.query(context, async ({ tenant, names }) => {
        // Whom a hold is about must not learn of it.
        if (names !== null) throw new ConcordatError('POLICY_DENIED');
        const place = cursor === undefined ? undefined : readCursor(placeSchema, cursor);
        const found = await store.read((em) =>
          em.find(
            LegalHoldEntity,
            { $and: [{ tenant }, ...(place ? [before(place)] : [])] },
            { orderBy: { createdAt: 'desc', id: 'desc' }, limit: limit + 1 },
          ),
        );
        const { rows, isLast } = cutPage(found, limit, ({ reason }) => reason.length);
        const last = rows.at(-1);
        const nextCursor =
          isLast || !last ? null : writeCursor({ createdAt: last.createdAt.toISOString(), id: last.id });
        const output = { items: rows.map(toItem), nextCursor };
        return { results: rows.length, answer: { output, position: null } };
      }),
  } satisfies OperationHandlers;
}

const before = ({ createdAt, id }: z.output<typeof placeSchema>) => {
  const at = new Date(createdAt);
  return { $or: [{ createdAt: { $lt: at } }, { createdAt: at, id: { $lt: id } }] };
};

const isoOf = (time: Date | null): string | null => time?.toISOString() ?? null;

const toItem = ({
  tenant: _,
  fromTime,
  toTime,
  createdAt,
  releasedAt,
  ...hold
}: LegalHoldRow): LegalHold => ({
  ...hold,
  from: isoOf(fromTime),
  to: isoOf(toTime),
  createdAt: createdAt.toISOString(),
  releasedAt: isoOf(releasedAt),
});
