import {
  type EventEnvelope,
  eventId,
  limits,
  parseStrictJson,
  sourceUri,
  tenantId,
  timestamp,
} from '@concordat/contracts';
import { isMessageEvent, type MessageChange, messageChanges } from '../message/message-change';

/** An entry of a source. */
export interface Entry {
  readonly source: string;
  readonly envelope: EventEnvelope;
}

export type Admission =
  | { readonly ok: true; readonly changes: readonly MessageChange[] }
  | { readonly ok: false; readonly reason: string };

const typePattern = /^concordat\.([a-z]+)\.[a-z0-9.-]{1,96}\.v[1-9]\d{0,3}$/;
/** Of any characters, this many fit into an entry of an index, which ends at 2,700 bytes. */
const nameLength = 512;
/** Characters that PostgreSQL cannot store as text, or not as they came. */
const unstorable = /[\0\p{Surrogate}]/u;
/** The data of an event wrap what came in one request. */
const dataBytes = 2 * limits.jsonBytes;

/**
 * Whether an entry is an event of its source. Streams without a chain can be written by whoever reaches Redis: an entry
 * must not pass for an event of another service, nor be such that storing or reading it fails for ever.
 */
export function admit({ source, envelope }: Entry): Admission {
  const fault = faultOf(source, envelope);
  if (fault) return { ok: false, reason: fault };
  try {
    const data = parseStrictJson(envelope.data, dataBytes);
    const changes = isMessageEvent(envelope) ? messageChanges(envelope, data) : [];
    if (changes.some(({ from }) => unstorable.test(from)))
      return { ok: false, reason: 'the sender cannot be stored' };
    return { ok: true, changes };
  } catch {
    return { ok: false, reason: `the data are not those of a ${envelope.type}` };
  }
}

function faultOf(source: string, envelope: EventEnvelope): string | undefined {
  const { id, at, type, tenant, time, subject, actor, correlation, traceparent } = envelope;
  if (id !== eventId(source, at)) return 'the id is not that of its place in the source';
  if (envelope.source !== sourceUri(source)) return 'the event names another source';
  if (typePattern.exec(type)?.[1] !== source.split('.')[0])
    return 'the type is not one of the service of the source';
  if (!tenantId.safeParse(tenant).success) return 'there is no such tenant';
  if (!timestamp.safeParse(time).success || time.length > 40) return 'the time is not RFC 3339 in UTC';
  // The year before 1 has no name in PostgreSQL.
  if (time.startsWith('0000')) return 'the time is before all times';
  const names = [subject, actor, correlation ?? '', traceparent ?? ''];
  if (names.some((name) => name.length > nameLength || unstorable.test(name)))
    return 'a name is too long or cannot be stored';
  return undefined;
}
