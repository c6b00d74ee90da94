import { eventList, type KeyPath, sealedValue } from '@concordat/contracts';
import { formatPath, type Keystore } from '@concordat/keystore';
import type { Connection } from '@concordat/sqlite';
import { specOf } from '../event-store';
import { type Order, ordersOf, pathOf } from './destroy-erased';

/** How many keys a history is sealed under, and how many of them a keystore does not have. */
export interface KeysFound {
  /** Without those that were ordered destroyed. */
  readonly needed: number;
  readonly missing: number;
}

/**
 * Looks whether a keystore has the keys that a history needs. It changes nothing.
 * @param more orders that are not in the history yet
 * @throws Error when a key is there, but does not open
 */
export async function findKeys(
  db: Connection,
  more: readonly Order[],
  keystore: Keystore,
): Promise<KeysFound> {
  const ordered = new Set(ordersOf(db, more).map((order) => nameOf(order.tenant, pathOf(order))));
  let needed = 0;
  let missing = 0;
  for (const [kid, { tenant, path }] of keysOfEvents(db)) {
    if (path.some((_, index) => ordered.has(nameOf(tenant, path.slice(0, index + 1))))) continue;
    needed += 1;
    if (!(await keystore.find(tenant, kid))) missing += 1;
  }
  return { needed, missing };
}

const nameOf = (tenant: string, path: readonly string[]): string =>
  `${tenant} ${formatPath(path as KeyPath)}`;

function keysOfEvents(db: Connection): Map<string, { readonly tenant: string; readonly path: KeyPath }> {
  const types = eventList.flatMap(({ type, sealed }) => (sealed ? [type as string] : []));
  const select = `SELECT tenant, type, data FROM events WHERE type IN (${types.map(() => '?').join(', ')})`;
  const keys = new Map<string, { tenant: string; path: KeyPath }>();
  for (const { tenant, type, data } of db.prepare<string[], Order>(select).iterate(...types)) {
    const { fields, keyPath } = specOf(type).sealed!;
    const stored = JSON.parse(data) as Record<string, unknown>;
    for (const field of fields) {
      // Content that was never published has no key.
      const sealed = sealedValue.safeParse(stored[field]);
      if (sealed.success && !keys.has(sealed.data.kid))
        keys.set(sealed.data.kid, { tenant, path: keyPath(stored) });
    }
  }
  return keys;
}
