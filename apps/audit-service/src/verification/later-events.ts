import type { EntityManager } from '@mikro-orm/postgresql';
import type { EventSealer } from '../leaf/event-sealer';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import { eventPages } from './event-pages';
import { type EventText, judge } from './opened-event';
import { atOnce, readTenants } from './snapshot';

/** What of an event can be told before it is in the log, too. */
export type ToldEvent = Pick<EventText, 'type' | 'source' | 'time' | 'tenant' | 'actor' | 'subject' | 'data'>;

interface LaterPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
}

const pageRows = 500;

/** The end of the log at one moment, and what else was read then. */
export interface Later<T> {
  readonly size: number;
  readonly found: T;
}

/**
 * Reads rows anew, and tells what audit-service itself has said up to that moment: events that came into the log since, and
 * those that are stored beside the rows and on their way there. A row may be newer than the log that was looked at.
 * @param from index in the log
 * @param onEvent called in the order of the events of a tenant
 */
export async function readLater<T>(
  { store, sealer }: LaterPorts,
  { from, types }: { readonly from: number; readonly types: readonly string[] },
  read: (em: EntityManager) => Promise<T>,
  onEvent: (event: ToldEvent) => void,
): Promise<Later<T>> {
  const waiting: ToldEvent[] = [];
  const { size, tenants, found } = await atOnce(store, async (em) => {
    const [state] = await queryRows<{ size: string }>(em, 'SELECT size FROM log_state');
    for await (const page of waitingPages(em, types)) waiting.push(...page);
    return { size: Number(state?.size ?? 0), tenants: await readTenants(em), found: await read(em) };
  });
  for (const tenant of tenants)
    for await (const page of eventPages(store, { tenant, from, to: size, types }))
      for (const row of page) {
        const judgement = await judge(sealer, row);
        if (judgement.kind === 'open') onEvent(judgement.event);
      }
  for (const event of waiting) onEvent(event);
  return { size, found };
}

/** Few, unless Redis is away. */
async function* waitingPages(
  em: EntityManager,
  types: readonly string[],
): AsyncGenerator<readonly ToldEvent[]> {
  let after = ['0', '0'];
  const [cursor] = await queryRows<{ epoch: string; position: string }>(
    em,
    "SELECT epoch, position FROM source_cursors WHERE source = 'audit'",
  );
  if (cursor) after = [cursor.epoch, cursor.position];
  for (;;) {
    const rows = await queryRows<ToldEvent & { epoch: string; position: string }>(
      em,
      `SELECT type, '/concordat/audit' AS source, time, tenant, actor, subject, data, epoch, position FROM own_events
       WHERE (epoch, position) > (?, ?) AND type = ANY(?::text[]) ORDER BY epoch, position LIMIT ${pageRows}`,
      [...after, types],
    );
    if (rows.length === 0) return;
    yield rows;
    const last = rows.at(-1)!;
    after = [last.epoch, last.position];
  }
}
