import { messagePriority, messageStatus, messageType } from '@concordat/contracts';

/** A column of `message_statistics`, and which messages it counts. */
interface Counter {
  readonly column: string;
  readonly value: string;
  /** Condition on a message `m`. */
  readonly where: string;
}

const countersOf = (group: string, column: string, values: readonly string[]): Counter[] =>
  values.map((value) => ({
    column: `${group}_${value.toLowerCase()}`,
    value,
    where: `${column} = '${value}'`,
  }));

const byStatus = countersOf('status', 'status', messageStatus.options);
const byType = countersOf('type', 'message_type', messageType.options);
const byPriority = countersOf('priority', 'priority', messagePriority.options);
const counters = [...byStatus, ...byType, ...byPriority];

/** All columns that are sums, in the order of the table. */
export const sumColumns = [
  ...['messages', 'as_sender', 'as_receiver'],
  ...counters.map(({ column }) => column),
] as const;

/** What is counted of messages that are grouped, as `sumColumns` has it. Their rows are those of `message-rows.ts`. */
export const countSql = [
  'count(*) AS messages',
  'count(*) FILTER (WHERE from_agent = agent) AS as_sender',
  'count(*) FILTER (WHERE to_agent = agent) AS as_receiver',
  ...counters.map(({ column, where }) => `count(*) FILTER (WHERE ${where}) AS ${column}`),
].join(', ');

export type Sums = Readonly<Record<string, number>>;

const groupOf =
  <Value extends string>(group: readonly Counter[]) =>
  (sums: Sums): Record<Value, number> =>
    Object.fromEntries(group.map(({ column, value }) => [value, sums[column] ?? 0])) as Record<Value, number>;

export const statusesOf = groupOf<(typeof messageStatus.options)[number]>(byStatus);
export const typesOf = groupOf<(typeof messageType.options)[number]>(byType);
export const prioritiesOf = groupOf<(typeof messagePriority.options)[number]>(byPriority);
