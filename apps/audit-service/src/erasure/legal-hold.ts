import type { EntityManager } from '@mikro-orm/postgresql';
import { rowsWhere } from '../store/bulk';

/** Conditions of a hold that are met by something at a time in a conversation. */
const within = (time: string, of: string): string => `
  (hold.correlation_id IS NULL OR ${of}.correlation_id = hold.correlation_id)
  AND (hold.from_time IS NULL OR ${of}.${time} >= hold.from_time)
  AND (hold.to_time IS NULL OR ${of}.${time} < hold.to_time)`;

/** What lies under the keys of a subject: events about it, and messages that it sent. */
const sql = `
  SELECT id FROM legal_holds AS hold
  JOIN unnest(?::text[]) AS asked (tenant) USING (tenant)
  CROSS JOIN (SELECT ?::text[] AS names) AS subject
  WHERE released_at IS NULL AND (hold.subject = ANY(names)
    OR EXISTS (
      SELECT FROM audit_events AS event
      WHERE event.tenant = hold.tenant AND event.subject = ANY(names) AND ${within('time', 'event')}
        AND (hold.subject IS NULL OR hold.subject = event.actor
          OR ARRAY[hold.subject, 'agent:' || hold.subject] && string_to_array(event.actor, ';for=')))
    OR EXISTS (
      SELECT FROM message_audit_log AS message
      WHERE message.tenant = hold.tenant AND message.from_agent = ANY(names) AND ${within('timestamp', 'message')}
        AND (hold.subject IS NULL OR message.to_agent = hold.subject)))
  LIMIT 1`;

/**
 * A legal hold that is in force and keeps something that is sealed under the keys of a subject. Must be called inside a
 * transaction.
 * @param names of the subject
 * @returns its id
 */
export async function holdOn(
  em: EntityManager,
  tenant: string,
  names: readonly string[],
): Promise<string | undefined> {
  const [hold] = await rowsWhere<{ id: string }>(em, sql, [tenant], names);
  return hold?.id;
}
