import { AeadError, buildLeaf, sha256, toBase64url } from '@concordat/crypto';
import type { EventSealer } from '../leaf/event-sealer';
import { boundEvent } from '../leaf/row-binding';
import { traceIdOf } from '../leaf/event-text';
import type { Disclosure } from '../leaf/sealed-event';
import { microseconds, type StoredEvent } from './event-pages';

/** The text of an event, read again: what `eventText` writes. */
export interface EventText {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly tenant: string;
  readonly actor: string;
  readonly subject: string;
  readonly source: string;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  readonly data: string;
}

/** What a row turned out to be: as it was logged, logged but closed for ever, or changed. */
export type Judgement =
  | { readonly kind: 'open'; readonly event: EventText }
  | { readonly kind: 'closed' }
  | { readonly kind: 'changed'; readonly detail: string };

const changed = (detail: string): Judgement => ({ kind: 'changed', detail });

interface LeafFields {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly body: string;
}

/**
 * Judges a row by its leaf: the leaf is made again from the decrypted event and must be the same to the byte, and every
 * column must say what the event says. Of a row whose key is gone, id, type, time, source and ciphertext are judged by the leaf,
 * and the other columns by the MAC that the leaf binds; in rows from before there was one, they are not.
 */
export async function judge(
  sealer: Pick<EventSealer, 'open' | 'bindingKey'>,
  row: StoredEvent,
): Promise<Judgement> {
  if (!row.leaf) return changed('the log has no such entry');
  const leaf = fieldsOf(row.leaf);
  if (!leaf) return changed('the leaf of the row cannot be read');
  const body = sha256(row.body);
  if (toBase64url(body) !== leaf.body) return changed('body is not what the leaf commits to');
  const wrong = wrongColumn(row, {
    eventId: leaf.id,
    type: leaf.type,
    timeUs: microseconds(leaf.time),
    source: `/concordat/${leaf.id.replace(/:\d+:\d+$/, '')}`,
    bodyBytes: row.body.byteLength,
  });
  if (wrong) return wrong;
  const opened = await open(sealer, row);
  if (!opened) {
    const isOther = boundEvent(await sealer.bindingKey(), row.body, row) === 'other';
    return isOther ? changed('a column is not what was logged, and key_id names no key') : { kind: 'closed' };
  }
  return 'kind' in opened ? opened : judgeOpen(row, opened, body);
}

const fieldsOf = (leaf: Uint8Array): LeafFields | undefined => {
  try {
    const fields = JSON.parse(Buffer.from(leaf).toString('utf8')) as Record<string, unknown>;
    const isLeaf = ['id', 'type', 'time', 'body'].every((name) => typeof fields[name] === 'string');
    return isLeaf ? (fields as unknown as LeafFields) : undefined;
  } catch {
    return undefined;
  }
};

async function open(
  sealer: Pick<EventSealer, 'open' | 'bindingKey'>,
  { tenant, eventId, keyId, body }: StoredEvent,
): Promise<Disclosure | Judgement | undefined> {
  try {
    return await sealer.open(tenant, eventId, { keyId, box: body });
  } catch (error) {
    if (!(error instanceof AeadError)) throw error;
    return changed('tenant, event_id or key_id is not that of the body');
  }
}

function judgeOpen(row: StoredEvent, { event: text, salt }: Disclosure, body: Uint8Array): Judgement {
  const event = JSON.parse(text) as EventText;
  const { id, type, time, tenant, actor, subject } = event;
  const leaf = buildLeaf({ id, type, time, tenant, actor, subject, event: text, salt, body });
  if (Buffer.compare(leaf, row.leaf!) !== 0) return changed('the event is not what the leaf commits to');
  const wrong = wrongColumn(row, {
    ...{ tenant, actor, subject, source: event.source, correlationId: event.correlation },
    traceId: traceIdOf(event.traceparent),
  });
  return wrong ?? { kind: 'open', event };
}

const columns: Partial<Record<keyof StoredEvent, string>> = {
  ...{ eventId: 'event_id', timeUs: 'time', bodyBytes: 'body_bytes' },
  ...{ correlationId: 'correlation_id', traceId: 'trace_id' },
};

function wrongColumn(row: StoredEvent, right: Partial<StoredEvent>): Judgement | undefined {
  const names = Object.keys(right) as (keyof StoredEvent)[];
  const wrong = names.find((name) => row[name] !== right[name]);
  return wrong && changed(`${columns[wrong] ?? wrong} is not what was logged`);
}
