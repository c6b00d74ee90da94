import { MessageAccepted, MessageAcceptedV1 } from '@concordat/contracts';
import { sha256Once, toBase64url } from '@concordat/crypto';
import type { EventSealer } from '../leaf/event-sealer';
import { bindingBytes, boundMessage } from '../leaf/row-binding';
import { rankOf } from '../message/message-change';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { ClosedEvents } from './closed-events';
import type { Erased } from './erased';
import { laterRight, wrongColumn } from './message-columns';
import { messageName, type Told } from './message-folds';
import type { StoredMessage } from './message-pages';

export interface ClosedMessagesPorts {
  readonly store: AuditStore;
  readonly sealer: Pick<EventSealer, 'find' | 'bindingKey'>;
  readonly erased: Erased;
  readonly closed: ClosedEvents;
}

/** Acceptances that may be those of rows: at that time, of that sender. The leaf has their time, their body its name. */
const acceptancesSql = `SELECT k.message_id, e.tenant, e.key_id, substr(e.body, 1, ${bindingBytes}) AS binding
  FROM unnest(?::text[], ?::text[], ?::text[], ?::int8[]) AS k (tenant, message_id, sender, time_us)
  JOIN audit_events e ON e.tenant = k.tenant AND e.subject = k.sender
    AND e.time = 'epoch'::timestamptz + k.time_us * interval '1 microsecond'
    AND e.type IN ('${MessageAccepted.type}', '${MessageAcceptedV1.type}')`;

interface Acceptance {
  readonly message_id: string;
  readonly tenant: string;
  readonly key_id: string;
  readonly binding: Uint8Array;
}

/**
 * Judges rows whose messages cannot be added up, since keys are gone. Nothing that a row says of itself excuses it: its
 * acceptance must be there, closed, and bind the row; and what became of it is open where its recipient was erased alone.
 */
export class ClosedMessages {
  constructor(private readonly ports: ClosedMessagesPorts) {}

  /** @param rows whose acceptance nobody could read @returns names of those whose closed acceptance binds them */
  async accepted(rows: readonly StoredMessage[]): Promise<ReadonlySet<string>> {
    const { store, sealer, erased } = this.ports;
    const asked = rows.filter((row) => row.timestampUs !== null && erased.has(row.tenant, row.fromAgent));
    if (asked.length === 0) return new Set();
    const found = await store.transaction((em) =>
      queryRows<Acceptance>(em, acceptancesSql, [
        ...[asked.map(({ tenant }) => tenant), asked.map(({ messageId }) => messageId)],
        ...[asked.map(({ fromAgent }) => fromAgent), asked.map(({ timestampUs }) => String(timestampUs))],
      ]),
    );
    const key = await sealer.bindingKey();
    const byName = new Map(asked.map((row) => [messageName(row), row]));
    const names = new Set<string>();
    for (const { message_id: messageId, tenant, key_id, binding } of found) {
      const name = messageName({ tenant, messageId });
      if ((await sealer.find(tenant, key_id)) !== undefined) continue;
      // Bodies from before bind nothing: of them, the time and the sender are what is known.
      if (boundMessage(key, binding, columnsOf(byName.get(name)!)) !== 'other') names.add(name);
    }
    return names;
  }

  /**
   * @param told by events that are open
   * @param isBound its closed acceptance binds the row; else an open one must be right, or there is none yet
   */
  allows(row: StoredMessage, told: Told | undefined, isBound: boolean): boolean {
    const { erased, closed } = this.ports;
    const { tenant, fromAgent, toAgent, timestampUs } = row;
    if (!isBound && !told?.acceptance && timestampUs !== null) return false;
    const isFree = closed.mayTellOf(row);
    // Later than what is known: nothing goes back.
    if (isFree && row.statusRank >= (told ? rankOf(told) : 0)) return true;
    if (!told && !isBound) return false;
    const { errorMessage, ...right } = laterRight(told);
    if (wrongColumn(row, right) !== undefined) return false;
    // Cleared with the keys.
    const isCleared = [fromAgent, toAgent].some((name) => erased.has(tenant, name));
    return row.errorMessage === errorMessage || (isCleared && row.errorMessage === null);
  }
}

const columnsOf = (row: StoredMessage) => ({
  ...{ tenant: row.tenant, messageId: row.messageId, from: row.fromAgent, to: row.toAgent },
  ...{ type: row.messageType ?? '', priority: row.priority ?? '', correlationId: row.correlationId },
  ...{ replyTo: row.replyTo, ttlSeconds: row.ttlSeconds, payloadKeyId: row.payloadKeyId ?? '' },
  payload: row.payload ? toBase64url(sha256Once(row.payload)) : '',
});
