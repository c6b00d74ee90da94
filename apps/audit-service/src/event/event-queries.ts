import type { OperationInput } from '@concordat/contracts';
import { type FilterQuery, raw } from '@mikro-orm/postgresql';
import type { LeafRange } from '../log/log-reader';
import type { AuditStore } from '../store/audit-store';
import {
  after,
  anyRow,
  type Arm,
  exactTime,
  firstRows,
  type FirstRows,
  several,
  type Sql,
  sql,
} from '../trail/first-rows';
import { type Cut, cutPage } from '../trail/page';
import type { Reach } from '../trail/trail';
import { AuditEvent, type EventRow } from './event-row';

type Listing = Omit<OperationInput<'audit.events'>, 'limit' | 'cursor'>;
export type EventFilter = Omit<Listing, 'order'>;

/** The last event of the page before. */
export interface EventPlace {
  /** to the microsecond */
  readonly at: string;
  readonly logIndex: number;
}

/** An event of a page, with its place in the list. */
export type ListedEvent = EventRow & Pick<EventPlace, 'at'>;

const columns = {
  tenant: 'r.tenant',
  logIndex: 'r.log_index::float8',
  eventId: 'r.event_id',
  type: 'r.type',
  source: 'r.source',
  subject: 'r.subject',
  actor: 'r.actor',
  time: 'r.time',
  correlationId: 'r.correlation_id',
  traceId: 'r.trace_id',
  keyId: 'r.key_id',
  bodyBytes: 'r.body_bytes',
  at: exactTime('time'),
} satisfies Record<keyof Omit<ListedEvent, 'body'>, string>;

const content = { property: 'body', column: 'r.body', bytes: 'bodyBytes' };
const vault = '/concordat/vault';

/** As the index has it (003-delegated-actors.ts). */
const delegatedPart = (part: 1 | 2): string => `split_part(r.actor, ';for=', ${part})`;
const isDelegated = `r.actor LIKE '%;for=%'`;

/** Who did it, or with whose right it was done: `agent:<who acts>;for=agent:<whose right it is>` is both. */
const doneBy = (names: readonly string[]): Sql => {
  const parts = ([1, 2] as const).map((part) => `${isDelegated} AND ${delegatedPart(part)} = ANY(?::text[])`);
  return sql(`r.actor = ANY(?::text[]) OR ${parts.join(' OR ')}`, ...[1, 2, 3].map(() => [...names]));
};
const isAbout = (names: readonly string[]): Sql => sql('r.subject = ANY(?::text[])', [...names]);
const either = (a: Sql, b: Sql): Sql => sql(`${a.text} OR ${b.text}`, ...a.values, ...b.values);

const armsOf = (names: readonly string[], conditions: readonly string[]): Arm[] =>
  conditions.map((condition) => ({
    from: sql('unnest(?::text[]) AS a (name)', [...names]),
    where: sql(condition),
  }));
const actorConditions = [
  'r.actor = a.name',
  ...([1, 2] as const).map((part) => `${isDelegated} AND ${delegatedPart(part)} = a.name`),
];

/** The actor as whom a filter names it. */
const actorsOf = ({ actor, user }: Pick<EventFilter, 'actor' | 'user'>): string[] => [
  ...(actor === undefined ? [] : [actor]),
  ...(user === undefined ? [] : [`user:${user}`]),
];

function armsFor({ names }: Reach, filter: EventFilter): readonly Arm[] {
  const { type, subject, persona, correlationId, source } = filter;
  if (names !== null) return armsOf(names, ['r.subject = a.name', ...actorConditions]);
  if ([subject, persona, correlationId].some((value) => value !== undefined)) return [anyRow];
  const [actor] = actorsOf(filter);
  if (actor !== undefined) return armsOf([actor], actorConditions);
  if (type !== undefined) return armsOf(several(type), ['r.type = a.name']);
  return source === undefined ? [anyRow] : armsOf([source], ['r.source = a.name']);
}

const given = <T>(value: T | undefined, condition: (value: T) => Sql): Sql[] =>
  value === undefined ? [] : [condition(value)];

/** Agents see events that are about them or that they caused. */
const conditionsOf = ({ tenant, names }: Reach, filter: EventFilter): Sql[] => [
  sql('r.tenant = ?', tenant),
  ...(names === null ? [] : [either(isAbout(names), doneBy(names))]),
  ...given(filter.type, (types) => sql('r.type = ANY(?::text[])', several(types))),
  ...given(filter.subject, (subject) => sql('r.subject = ?', subject)),
  ...given(filter.persona, (persona) => sql(`r.source = '${vault}' AND r.subject = ?`, persona)),
  ...actorsOf(filter).map((actor) => doneBy([actor])),
  ...given(filter.source, (source) => sql('r.source = ?', source)),
  ...given(filter.correlationId, (id) => sql('r.correlation_id = ?', id)),
  ...given(filter.from, (from) => sql('r.time >= ?', new Date(from))),
  ...given(filter.to, (to) => sql('r.time < ?', new Date(to))),
];

/**
 * The query of a page, in the order of the log; of a window of time in the order of time, which is nearly the same.
 * @param size of the log as it is signed: nothing above it is shown
 */
export function eventPage(
  reach: Reach,
  filter: Listing,
  size: number,
  place: EventPlace | undefined,
  limit: number,
): FirstRows {
  const isByTime = filter.from !== undefined || filter.to !== undefined;
  const order = isByTime ? (['time', 'log_index'] as const) : (['log_index'] as const);
  const isDescending = filter.order === 'desc';
  const values = place && (isByTime ? [place.at, place.logIndex] : [place.logIndex]);
  const arms = armsFor(reach, filter);
  const hasName = [filter.subject, filter.persona, filter.correlationId].some((name) => name !== undefined);
  return {
    ...{ table: 'audit_events', columns, content, order, isDescending, limit },
    arms,
    // What happened to somebody in a window is a few of either.
    isIndexed: !isByTime || (arms[0] === anyRow && !hasName),
    conditions: [
      ...conditionsOf(reach, filter),
      sql('r.log_index < ?', size),
      ...(values ? after(order, isDescending, values) : []),
    ],
  };
}

const actorPart = (part: 1 | 2) => raw((alias: string) => `split_part(${alias}.actor, ';for=', ${part})`);
const visibleTo = ({ tenant, names }: Reach): FilterQuery<EventRow> => {
  if (names === null) return { tenant };
  const delegated = ([1, 2] as const).map((part) => ({
    $and: [{ actor: { $like: '%;for=%' } }, { [actorPart(part)]: { $in: [...names] } }],
  }));
  const about = [{ subject: { $in: [...names] } }, { actor: { $in: [...names] } }];
  return { tenant, $or: [...about, ...delegated] };
};

/** About what an event takes in an answer, where its text is escaped and has its proof and its searchable fields beside it. */
const writtenBytes = ({ bodyBytes }: Pick<EventRow, 'bodyBytes'>): number => 2 * bodyBytes + 1_024;

/** Queries on `audit_events`. Every one is bound to what its reader may see. */
export class EventQueries {
  constructor(private readonly store: AuditStore) {}

  /** @returns undefined also when there is such an event but the reader may not see it */
  async find(reach: Reach, eventId: string): Promise<EventRow | undefined> {
    const where: FilterQuery<EventRow> = { $and: [visibleTo(reach), { eventId }] };
    const row = await this.store.read((em) => em.findOne(AuditEvent, where, { populate: ['body'] }));
    return row ?? undefined;
  }

  /** Whether the row of an event is there, whoever may see it: it was dropped, else, when the log has its leaf. */
  async hasRow(eventId: string): Promise<boolean> {
    const row = await this.store.read((em) => em.findOne(AuditEvent, { eventId }, { fields: ['logIndex'] }));
    return row !== null;
  }

  /** @param size of the log as it is signed */
  page(
    reach: Reach,
    filter: Listing,
    size: number,
    place: EventPlace | undefined,
    limit: number,
  ): Promise<Cut<ListedEvent>> {
    return this.#read(eventPage(reach, filter, size, place, limit + 1), ({ bodyBytes }) => bodyBytes);
  }

  /** In the order of the log, of the entries from `begin` up to and without `end`. */
  forward(
    reach: Reach,
    filter: EventFilter,
    { begin, end }: LeafRange,
    limit: number,
  ): Promise<Cut<EventRow>> {
    const order = ['log_index'];
    const range = [sql('r.log_index >= ? AND r.log_index < ?', begin, end)];
    const query: FirstRows = {
      ...{ table: 'audit_events', columns, content, order, limit: limit + 1 },
      ...{ isDescending: false, isIndexed: true },
      arms: armsFor(reach, filter),
      conditions: [...conditionsOf(reach, filter), ...range],
    };
    return this.#read(query, writtenBytes);
  }

  async #read(
    query: FirstRows,
    bytesOf: (row: Pick<EventRow, 'bodyBytes'>) => number,
  ): Promise<Cut<ListedEvent>> {
    const page = cutPage(await firstRows<ListedEvent>(this.store, query), query.limit - 1, bytesOf);
    return { ...page, rows: page.rows.map((row) => ({ ...row, time: new Date(row.time) })) };
  }
}
