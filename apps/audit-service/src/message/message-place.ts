import { EntitySchema, type EntityManager } from '@mikro-orm/postgresql';
import { aheadMs, type Layout } from '../retention/layout';
import { insertRows, rowsWhere, type Table } from '../store/bulk';
import { acceptedAtMs } from './accepted-at';

/** Where the row of a message lies: its partition is the one of the class that holds the time. */
export interface Place {
  readonly retentionClass: string;
  /** as PostgreSQL reads it */
  readonly acceptedAt: string;
}

type Named = { readonly tenant: string; readonly messageId: string };

/** Messages that do not lie where their ids say. */
export interface MessagePlaceRow extends Named {
  retentionClass: string;
  acceptedAt: Date;
}

export const MessagePlace = new EntitySchema<MessagePlaceRow>({
  name: 'MessagePlace',
  tableName: 'message_places',
  properties: {
    tenant: { type: 'text', primary: true },
    messageId: { type: 'text', primary: true },
    retentionClass: { type: 'text' },
    acceptedAt: { type: 'datetime' },
  },
});

const table: Table<Named & Place> = {
  name: 'message_places',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'message_id', type: 'text', of: ({ messageId }) => messageId },
    { name: 'retention_class', type: 'text', of: ({ retentionClass }) => retentionClass },
    { name: 'accepted_at', type: 'timestamptz', of: ({ acceptedAt }) => acceptedAt },
  ],
};

/**
 * Where a message belongs that has no other place: `by` the time in its `id`, which every later change of it says again.
 * What is older than its tenant keeps, and what is of a time that cannot be, counts from `now`, which is to be remembered.
 */
export function placeOf(
  { tenant, messageId }: Named,
  layout: Layout,
  loggedMs: number,
): Place & { readonly by: 'id' | 'now' } {
  const ms = acceptedAtMs(messageId);
  const name = layout.classAt(tenant, 'messages', ms);
  // By the time of the log, which never goes back: what was possible once stays so.
  if (ms <= loggedMs + aheadMs && layout.has('messages', name, ms))
    return { by: 'id', retentionClass: name, acceptedAt: isoOf(ms) };
  const retentionClass = layout.classAt(tenant, 'messages', loggedMs);
  return { by: 'now', retentionClass, acceptedAt: isoOf(loggedMs) };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** Changes with the places of their messages. In the transaction that writes them. */
export async function placeChanges<Change extends Named>(
  em: EntityManager,
  changes: readonly Change[],
  layout: Layout,
  loggedMs: number,
): Promise<(Change & Place)[]> {
  if (changes.length === 0) return [];
  const remembered = await rememberedPlaces(em, changes);
  const news: (Named & Place)[] = [];
  const placed = changes.map((change) => {
    const before = remembered.get(nameOf(change));
    if (before) return { ...change, ...before };
    const { by, ...place } = placeOf(change, layout, loggedMs);
    const there = { ...change, ...place };
    if (by === 'now') news.push(there);
    return there;
  });
  await insertRows(em, table, news);
  return placed;
}

const nameOf = ({ tenant, messageId }: Named): string => `${tenant} ${messageId}`;

async function rememberedPlaces(
  em: EntityManager,
  changes: readonly Named[],
): Promise<ReadonlyMap<string, Place>> {
  const rows = await rowsWhere<{
    tenant: string;
    message_id: string;
    retention_class: string;
    accepted_at: string;
  }>(
    em,
    'SELECT * FROM message_places WHERE message_id = ANY(?::text[])',
    changes.map(({ messageId }) => messageId),
  );
  return new Map(
    rows.map((row) => [
      nameOf({ tenant: row.tenant, messageId: row.message_id }),
      { retentionClass: row.retention_class, acceptedAt: row.accepted_at },
    ]),
  );
}
