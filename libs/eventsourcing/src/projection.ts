import type { ErrorCode, EventSpec } from '@concordat/contracts';
import type { SqlStatement, SqlValue } from '@concordat/sqlite';

/** An event on its way into the store, as projections see it. */
export interface AppliedEvent {
  readonly type: string;
  /** With sealed fields in clear. */
  readonly data: Readonly<Record<string, unknown>>;
  /** With sealed fields encrypted, as stored. */
  readonly sealed: Readonly<Record<string, unknown>>;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly time: string;
  readonly actor: string;
}

/**
 * A read model in the same database: a pure function from an event to the statements that bring its tables up to date.
 * They run in the transaction that appends the event. `eventPosition` gives the position of the event to SQL.
 */
export type Projection = (event: AppliedEvent) => readonly SqlStatement[];

/** SQL expression: the position of the event being projected, and its epoch. */
export const eventPosition = '(SELECT position FROM store)';
export const eventEpoch = '(SELECT head_epoch FROM store)';

export interface Refusal {
  readonly code: ErrorCode;
  /** A sentence; it stands in the SQL text, so it is not made of data. */
  readonly detail: string;
  /** SQL expression over the tables of the read models: what must not be so. */
  readonly when: string;
  readonly params: readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
}

/**
 * A rule over several aggregates, checked where nothing comes between the check and the change: a statement that undoes
 * the whole command, and sees all commands before it. The runner throws code and detail as a ConcordatError.
 */
export const refusal = ({ code, detail, when, params }: Refusal): SqlStatement => ({
  sql: `SELECT refuse('${code}', '${detail}') WHERE ${when}`,
  params,
  returnsRows: true,
});

/**
 * The projections of a service as one, for rebuilding its tables: each with the events that it is for.
 * @returns a projection that throws Error for an event that none is for
 */
export function combineProjections(
  ...parts: readonly (readonly [events: readonly EventSpec[], projection: Projection])[]
): Projection {
  const byType = new Map<string, Projection>(
    parts.flatMap(([events, projection]) => events.map(({ type }) => [type, projection])),
  );
  return (event) => {
    const projection = byType.get(event.type);
    if (!projection) throw new Error(`no projection is known for the event ${event.type}`);
    return projection(event);
  };
}
