import type { OperationInput } from '@concordat/contracts';
import type { EntityManager, FilterQuery } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { type Cut, cutPage } from '../trail/page';
import type { Reach } from '../trail/trail';
import { AuditEvent, type EventRow } from './event-row';

export type EventFilter = Omit<OperationInput<'audit.events'>, 'limit' | 'cursor'>;

/** Agents see events that are about them or that they caused. */
const within = ({ tenant, names }: Reach): FilterQuery<EventRow> =>
  names === null
    ? { tenant }
    : { tenant, $or: [{ subject: { $in: [...names] } }, { actor: { $in: [...names] } }] };

const matching = ({ type, subject, actor, correlationId, from, to }: EventFilter): FilterQuery<EventRow> => ({
  ...(type === undefined ? {} : { type }),
  ...(subject === undefined ? {} : { subject }),
  ...(actor === undefined ? {} : { actor }),
  ...(correlationId === undefined ? {} : { correlationId }),
  ...(from === undefined && to === undefined
    ? {}
    : { time: { ...(from && { $gte: new Date(from) }), ...(to && { $lt: new Date(to) }) } }),
});

/** Queries on `audit_events`. Every one is bound to what its reader may see. */
export class EventQueries {
  constructor(private readonly store: AuditStore) {}

  /** @returns undefined also when there is such an event but the reader may not see it */
  async find(reach: Reach, eventId: string): Promise<EventRow | undefined> {
    const where: FilterQuery<EventRow> = { $and: [within(reach), { eventId }] };
    const row = await this.store.read((em) => em.findOne(AuditEvent, where, { populate: ['body'] }));
    return row ?? undefined;
  }

  /** Newest first. @param before log index of the last event of the page before, or the size of the log */
  page(reach: Reach, filter: EventFilter, before: number, limit: number): Promise<Cut<EventRow>> {
    const where: FilterQuery<EventRow> = {
      $and: [within(reach), matching(filter), { logIndex: { $lt: before } }],
    };
    return this.store.read(async (em) => {
      const rows = await em.find(AuditEvent, where, { orderBy: { logIndex: 'desc' }, limit: limit + 1 });
      const page = cutPage(rows, limit, ({ bodyBytes }) => bodyBytes);
      await loadBodies(em, page.rows);
      return page;
    });
  }
}

async function loadBodies(em: EntityManager, rows: readonly EventRow[]): Promise<void> {
  await em.populate([...rows], ['body']);
}
