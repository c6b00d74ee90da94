import type { EntityManager } from '@mikro-orm/postgresql';
import { rowsWhere } from '../store/bulk';
import { erasureTypes, namesOf } from './erasure';

/**
 * All names under which events about a subject were sealed: its own, and those of its acts with the right of another, or of
 * another's with its right, `agent:<who acted>;for=agent:<whose right it was>`. Must be called inside a transaction.
 */
export async function sealedNames(em: EntityManager, tenant: string, subject: string): Promise<string[]> {
  const names = namesOf(subject);
  const acts = await rowsWhere<{ subject: string }>(
    em,
    `SELECT DISTINCT subject FROM audit_events
     JOIN unnest(?::text[]) AS asked (tenant) USING (tenant)
     CROSS JOIN (SELECT ?::text[] AS names) AS subjects
     WHERE actor LIKE '%;for=%' AND subject = actor
       AND (split_part(actor, ';for=', 1) = ANY(names) OR split_part(actor, ';for=', 2) = ANY(names))`,
    [tenant],
    names,
  );
  return [...names, ...acts.map((act) => act.subject)];
}

/** How many of the newest events of a name are looked at: all were sealed under one key, but those that outlived it. */
const looks = 20;

/** Names of the keys that the newest events of these names lie under. Must be called inside a transaction. */
export async function sealingKeys(
  em: EntityManager,
  tenant: string,
  names: readonly string[],
): Promise<string[]> {
  const rows = await rowsWhere<{ key_id: string }>(
    em,
    `SELECT DISTINCT key_id FROM unnest(?::text[]) AS tenants (tenant) CROSS JOIN unnest(?::text[]) AS names (name)
     CROSS JOIN LATERAL (
       SELECT key_id FROM audit_events AS event
       WHERE event.tenant = tenants.tenant AND event.subject = name AND event.type <> ALL(?::text[])
       ORDER BY log_index DESC LIMIT ${looks}) AS newest`,
    [tenant],
    names,
    erasureTypes,
  );
  return rows.map(({ key_id }) => key_id);
}
