import { eventList, type KeyPath } from '@concordat/contracts';
import type { Keystore } from '@concordat/keystore';
import type { Connection } from '@concordat/sqlite';
import { specOf } from '../event-store';

/** What an event orders. */
export interface Order {
  readonly tenant: string;
  readonly type: string;
  /** JSON */
  readonly data: string;
}

/** Keys at a time: well below the limit of the writer's queue. */
const batch = 500;

/**
 * Destroys every key that a history has ordered destroyed: done again it does nothing, but a keystore that is older than
 * the history has some of them still.
 * @param more orders that are not in the history yet
 * @returns how many there were
 */
export async function destroyErased(
  db: Connection,
  more: readonly Order[],
  keystore: Keystore,
): Promise<number> {
  const orders = ordersOf(db, more);
  let destroyed = 0;
  for (let begin = 0; begin < orders.length; begin += batch) {
    const some = orders.slice(begin, begin + batch);
    const counts = await Promise.all(some.map((order) => keystore.destroy(order.tenant, pathOf(order))));
    destroyed += counts.reduce((sum, count) => sum + count, 0);
  }
  return destroyed;
}

/** The orders of a history. @param more events that are not in it yet */
export function ordersOf(db: Connection, more: readonly Order[]): Order[] {
  const types = eventList.flatMap(({ type, destroys }) => (destroys ? [type as string] : []));
  const select = `SELECT tenant, type, data FROM events WHERE type IN (${types.map(() => '?').join(', ')})`;
  return [
    ...db.prepare<string[], Order>(select).all(...types),
    ...more.filter(({ type }) => types.includes(type)),
  ];
}

export const pathOf = ({ type, data }: Order): KeyPath =>
  specOf(type).destroys!(JSON.parse(data) as Record<string, unknown>);
