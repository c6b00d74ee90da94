import { messagePriority, messageStatus, messageType } from '@concordat/contracts';
import type { OperationInput } from '@concordat/contracts';
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
import type { MessageRow } from './message-row';

export type MessageFilter = Omit<OperationInput<'audit.messages'>, 'limit' | 'cursor'>;

/** The last message of the page before. */
export interface MessagePlace {
  /** to the microsecond */
  readonly at: string;
  readonly messageId: string;
}

/** A message of a page, with its place in the list. */
export type ListedMessage = MessageRow & Pick<MessagePlace, 'at'>;

const order = ['timestamp', 'message_id'] as const;
const columns = {
  tenant: 'r.tenant',
  messageId: 'r.message_id',
  fromAgent: 'r.from_agent',
  toAgent: 'r.to_agent',
  messageType: 'r.message_type',
  priority: 'r.priority',
  status: 'r.status',
  correlationId: 'r.correlation_id',
  replyTo: 'r.reply_to',
  payloadKeyId: 'r.payload_key_id',
  payloadBytes: 'r.payload_bytes',
  timestamp: 'r.timestamp',
  deliveredAt: 'r.delivered_at',
  ttlSeconds: 'r.ttl_seconds',
  retryCount: 'r.retry_count',
  errorMessage: 'r.error_message',
  at: exactTime('timestamp'),
} satisfies Record<keyof Omit<ListedMessage, 'payload'>, string>;

const content = { property: 'payload', column: 'r.payload', bytes: 'payloadBytes' };

const isParty = (names: readonly string[]): Sql =>
  sql('r.from_agent = ANY(?::text[]) OR r.to_agent = ANY(?::text[])', [...names], [...names]);

/** Messages of agents: those that they sent and those that they got, each from an index of its own. */
const armsOf = (names: readonly string[]): Arm[] =>
  ['from_agent', 'to_agent'].map((column) => ({
    from: sql('unnest(?::text[]) AS a (name)', [...names]),
    where: sql(`r.${column} = a.name`),
  }));

/**
 * Of each status, type and priority asked for: one index has the messages of each of the three together in order. As a range
 * of that index: with `=` PostgreSQL takes the index by time where most messages are alike, and looks through all of them
 * for what no message is.
 */
function armOfKinds(filter: MessageFilter, place: MessagePlace | undefined): Arm {
  const { status, type, priority, from, to, order: direction } = filter;
  const kinds = [
    status === undefined ? messageStatus.options : several(status),
    type === undefined ? messageType.options : several(type),
    priority === undefined ? messagePriority.options : several(priority),
  ].map((values) => [...values]);
  const within = ['status', 'message_type', 'priority'];
  const row = `(${[...within, 'timestamp'].map((column) => `r.${column}`).join(', ')})`;
  const [oldest, newest] = direction === 'desc' ? [undefined, place?.at] : [place?.at, undefined];
  return {
    from: sql(
      'unnest(?::text[]) AS s (name), unnest(?::text[]) AS t (name), unnest(?::text[]) AS p (name)',
      ...kinds,
    ),
    where: sql(
      `${row} >= (s.name, t.name, p.name, GREATEST('-infinity'::timestamptz, ?::timestamptz, ?::timestamptz))
        AND ${row} <= (s.name, t.name, p.name, LEAST('infinity'::timestamptz, ?::timestamptz, ?::timestamptz))`,
      ...[oldest ?? null, from ?? null, newest ?? null, to ?? null],
    ),
    within,
  };
}

function armsFor({ names }: Reach, filter: MessageFilter, place: MessagePlace | undefined): readonly Arm[] {
  const { agent, fromAgent, toAgent, correlationId, labels, status, type, priority } = filter;
  if (names !== null) return armsOf(names);
  if ([correlationId, labels, fromAgent, toAgent].some((value) => value !== undefined)) return [anyRow];
  if (agent !== undefined) return armsOf([agent]);
  const isByKind = [status, type, priority].some((value) => value !== undefined);
  return isByKind ? [armOfKinds(filter, place)] : [anyRow];
}

const given = <T>(value: T | undefined, condition: (value: T) => Sql): Sql[] =>
  value === undefined ? [] : [condition(value)];
const oneOf = (column: string) => (values: string) => sql(`r.${column} = ANY(?::text[])`, several(values));

/** As the index has it (007-search.ts). @param labels JSON object */
const hasLabels = (tenant: string, labels: string): Sql =>
  sql(
    `r.labels IS NOT NULL AND (r.labels || jsonb_object(ARRAY['~', r.tenant])) @> ?::jsonb`,
    JSON.stringify({ ...(JSON.parse(labels) as object), '~': tenant }),
  );

/** Messages whose acceptance has not come yet are left out: what they are is not known. */
const conditionsOf = ({ tenant, names }: Reach, filter: MessageFilter): Sql[] => [
  sql('r.tenant = ? AND r.timestamp IS NOT NULL', tenant),
  ...(names === null ? [] : [isParty(names)]),
  ...given(filter.agent, (agent) => isParty([agent])),
  ...given(filter.fromAgent, (agent) => sql('r.from_agent = ?', agent)),
  ...given(filter.toAgent, (agent) => sql('r.to_agent = ?', agent)),
  ...given(filter.correlationId, (id) => sql('r.correlation_id = ?', id)),
  ...given(filter.labels, (labels) => hasLabels(tenant, labels)),
  ...given(filter.from, (from) => sql('r.timestamp >= ?', new Date(from))),
  ...given(filter.to, (to) => sql('r.timestamp < ?', new Date(to))),
];

const isOfKinds = (filter: MessageFilter): Sql[] => [
  ...given(filter.status, oneOf('status')),
  ...given(filter.type, oneOf('message_type')),
  ...given(filter.priority, oneOf('priority')),
];

/** The query of a page. @param limit of rows that are read */
export function messagePage(
  reach: Reach,
  filter: MessageFilter,
  place: MessagePlace | undefined,
  limit: number,
): FirstRows {
  const isDescending = filter.order === 'desc';
  const rest = place ? after(order, isDescending, [place.at, place.messageId]) : [];
  const arms = armsFor(reach, filter, place);
  // An arm of kinds says them. Said again beside its range, PostgreSQL reads all of a status for each kind that no message is.
  const kinds = arms.some(({ within }) => within) ? [] : isOfKinds(filter);
  return {
    ...{ table: 'message_audit_log', columns, content, order, isDescending, limit },
    isIndexed: filter.labels === undefined,
    arms,
    conditions: [...conditionsOf(reach, filter), ...kinds, ...rest],
  };
}

/** Queries on `message_audit_log`. Every one is bound to what its reader may see. */
export class MessageQueries {
  constructor(private readonly store: AuditStore) {}

  /** By the time of acceptance. */
  page(
    reach: Reach,
    filter: MessageFilter,
    place: MessagePlace | undefined,
    limit: number,
  ): Promise<Cut<ListedMessage>> {
    return this.#read(messagePage(reach, filter, place, limit + 1));
  }

  /** Oldest first, all from and to these agents. */
  forward(
    tenant: string,
    agents: readonly string[],
    place: MessagePlace | null,
    limit: number,
  ): Promise<Cut<ListedMessage>> {
    return this.page({ tenant, names: agents }, { order: 'asc' }, place ?? undefined, limit);
  }

  async #read(query: FirstRows): Promise<Cut<ListedMessage>> {
    const rows = await firstRows<ListedMessage>(this.store, query);
    const page = cutPage(rows, query.limit - 1, ({ payloadBytes }) => payloadBytes ?? 0);
    const listed = page.rows.map((row) => ({
      ...row,
      timestamp: new Date(row.timestamp!),
      deliveredAt: row.deliveredAt && new Date(row.deliveredAt),
    }));
    return { ...page, rows: listed };
  }
}
