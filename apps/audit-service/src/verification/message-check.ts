import { AeadError } from '@concordat/crypto';
import type { EventSealer } from '../leaf/event-sealer';
import { messageEvents } from '../message/message-change';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { ClosedEvents } from './closed-events';
import { ClosedMessages } from './closed-messages';
import { eventPages, microseconds } from './event-pages';
import type { Dropped } from './dropped';
import type { Erased } from './erased';
import type { Faults } from './fault';
import { acceptedRight, laterRight, wrongColumn } from './message-columns';
import { MessageFolds, messageName, payloadDigest, type Told } from './message-folds';
import { type MessageKey, messagePages, messagesNamed, type StoredMessage } from './message-pages';
import { judge } from './opened-event';
import { atOnce, readTenants, type Snapshot } from './snapshot';

export interface MessageCheckPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly faults: Faults;
  /** Their events are closed, and their messages cannot be added up. */
  readonly erased: Erased;
  readonly closed: ClosedEvents;
  /** What retention has dropped: messages may be left whose events are gone, and the other way round. */
  readonly dropped: Dropped;
  readonly onProgress: (messages: number) => void;
}

const types = messageEvents.map(({ type }) => type);
/** Rows that are looked at again together, when what they say is not what the events up to the snapshot tell. */
const doubtsAtOnce = 500;

/** Every row of `message_audit_log` against what the events of the log tell of the message. */
export class MessageCheck {
  /** Up to where events are added up. */
  #size: number;
  #doubts: MessageKey[] = [];
  #checked = 0;
  readonly #closed: ClosedMessages;

  constructor(
    private readonly ports: MessageCheckPorts,
    private readonly snapshot: Snapshot,
  ) {
    this.#size = snapshot.size;
    this.#closed = new ClosedMessages(ports);
  }

  /** @param first folds of the first part, added up already */
  async run(first: MessageFolds): Promise<void> {
    await this.#compare(first);
    for (let part = 1; part < first.parts; part++) {
      const folds = new MessageFolds(part, first.parts);
      for (const tenant of this.snapshot.tenants) await this.#addEvents(folds, tenant, 0, this.#size);
      await this.#compare(folds);
    }
  }

  async #addEvents(folds: MessageFolds, tenant: string, from: number, to: number): Promise<void> {
    for await (const page of eventPages(this.ports.store, { tenant, from, to, types }))
      for (const row of page) {
        const judgement = await judge(this.ports.sealer, row);
        // What was changed is named by the check of events, once.
        if (judgement.kind === 'open') folds.add(judgement.event);
        if (judgement.kind === 'closed') this.ports.closed.note(row);
      }
  }

  async #compare(folds: MessageFolds): Promise<void> {
    for await (const page of messagePages(this.ports.store)) {
      for (const row of page) {
        const name = messageName(row);
        if (!folds.holds(name)) continue;
        if (folds.isSettled(name)) this.#fault(row, 'it is a second row of the message');
        else if ((await this.#wrong(row, folds.get(name))) === undefined) folds.settle(name);
        else await this.#doubt(folds, row);
      }
      this.#checked += page.length;
      this.ports.onProgress(this.#checked);
    }
    await this.#resolve(folds);
    for (const name of [...folds.open()]) await this.#doubt(folds, keyOf(name));
    await this.#resolve(folds);
  }

  async #doubt(folds: MessageFolds, { tenant, messageId }: MessageKey): Promise<void> {
    this.#doubts.push({ tenant, messageId });
    if (this.#doubts.length >= doubtsAtOnce) await this.#resolve(folds);
  }

  /** The rows again, at one moment, and what events told until that moment: ingest may have been faster than we. */
  async #resolve(folds: MessageFolds): Promise<void> {
    if (this.#doubts.length === 0) return;
    const doubts = this.#doubts;
    this.#doubts = [];
    const { store } = this.ports;
    const { size, tenants, rows } = await atOnce(store, async (em) => {
      const [state] = await queryRows<{ size: string }>(em, 'SELECT size FROM log_state');
      return {
        size: Number(state?.size ?? 0),
        tenants: await readTenants(em),
        rows: await messagesNamed(em, doubts),
      };
    });
    for (const tenant of tenants) await this.#addEvents(folds, tenant, this.#size, size);
    this.#size = Math.max(this.#size, size);
    const byName = new Map(rows.map((row) => [messageName(row), row]));
    const unread = rows.filter((row) => !folds.get(messageName(row))?.acceptance);
    // Somebody may have been erased since these events were read for the first time.
    if (unread.length > 0) await this.ports.erased.read();
    const bound = await this.#closed.accepted(unread);
    for (const key of doubts) {
      const name = messageName(key);
      const row = byName.get(name);
      const told = folds.get(name);
      const detail = row ? await this.#wrong(row, told) : 'the row of the message is missing';
      const isExcused = row !== undefined && (await this.#isExcused(row, told, bound.has(name)));
      if (detail !== undefined && !isExcused && !(await this.#mayBeDropped(key, row, told)))
        this.#fault(key, detail);
      folds.settle(name);
    }
  }

  /** By what the log tells, if it does: the row may have been made to look old. */
  async #mayBeDropped(
    { tenant }: MessageKey,
    row: StoredMessage | undefined,
    told: Told | undefined,
  ): Promise<boolean> {
    const { dropped } = this.ports;
    const accepted = told?.acceptance ? microseconds(told.acceptance.timestamp) : null;
    const at = accepted ?? row?.timestampUs ?? null;
    if (!row) return dropped.mayTouch(tenant, 'messages', at);
    // No drop excuses that it says something else than what was accepted; but it may have come anew, for a status alone.
    if (told?.acceptance && (await this.#wrongAccepted(row, told)) !== undefined)
      return row.timestampUs === null && dropped.mayTouch(tenant, 'messages', at);
    return dropped.mayTouch(tenant, 'events', at);
  }

  async #isExcused(row: StoredMessage, told: Told | undefined, isBound: boolean): Promise<boolean> {
    // What was accepted is known, or was not accepted yet: then no key excuses what the row says of that.
    if (told && !isBound && (await this.#wrongAccepted(row, told)) !== undefined) return false;
    return this.#closed.allows(row, told, isBound);
  }

  #fault({ tenant, messageId }: MessageKey, detail: string): void {
    this.ports.faults.add({ table: 'message_audit_log', tenant, row: messageId, detail });
  }

  /** @returns what of a row is not as told; undefined when it is all right */
  async #wrong(row: StoredMessage, told: Told | undefined): Promise<string | undefined> {
    if (!told) return 'no event in the log tells of the message';
    return (await this.#wrongAccepted(row, told)) ?? wrongColumn(row, laterRight(told));
  }

  async #wrongAccepted(row: StoredMessage, told: Told): Promise<string | undefined> {
    return wrongColumn(row, acceptedRight(told)) ?? this.#wrongPayload(row, told.acceptance?.payload ?? null);
  }

  async #wrongPayload(row: StoredMessage, digest: string | null): Promise<string | undefined> {
    const { tenant, messageId, payload, payloadKeyId: keyId, payloadBytes } = row;
    if (payload === null || keyId === null || digest === null)
      return payload === null && keyId === null && digest === null && payloadBytes === null
        ? undefined
        : 'the payload is not what events tell';
    if (payload.byteLength !== payloadBytes) return 'payload_bytes is not the length of the payload';
    try {
      const opened = await this.ports.sealer.openPayload(tenant, messageId, { keyId, box: payload });
      return payloadDigest(opened) === digest
        ? undefined
        : 'payload or payload_key_id is not what events tell';
    } catch (error) {
      if (!(error instanceof AeadError)) throw error;
      return 'payload or payload_key_id was changed';
    }
  }
}

const keyOf = (name: string): MessageKey => {
  const cut = name.indexOf(' ');
  return { tenant: name.slice(0, cut), messageId: name.slice(cut + 1) };
};
