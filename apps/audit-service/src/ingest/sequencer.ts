import { ConcordatError } from '@concordat/contracts';
import { type Clock, inSpan, linkTo } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Link, SpanKind } from '@opentelemetry/api';
import { noteErasures } from '../erasure/erasure-rows';
import { insertEvents } from '../event/event.projection';
import type { EventSealer, SealedEvent } from '../leaf/event-sealer';
import type { Committed } from '../log/checkpoint.job';
import type { LogWriter, NewLeaf } from '../log/log-writer';
import type { MessageChange } from '../message/message-change';
import { applyChanges, type StoredChange } from '../message/message.projection';
import type { AuditStore } from '../store/audit-store';
import { type Admission, admit, type Entry } from './admission';
import { type Alarm, keepAlarms } from './alarm';
import { cursorsAfter, entriesAfter } from './batch';
import { readCursors, writeCursors } from './source-cursors';

export interface SequencerPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly log: LogWriter;
  readonly clock: Clock;
}

/** The log after a batch, and the alarms that were kept with it. */
export interface Outcome {
  readonly log: Committed;
  readonly alarms: readonly Alarm[];
}

type Judge = (entry: Entry) => Admission;

/** An event, ready to be written. */
interface Prepared {
  readonly entry: Entry;
  readonly sealed: SealedEvent;
  readonly change: StoredChange | undefined;
}

const linksLimit = 128;

/**
 * Puts events into the log: the one place where an event gets its index. Rows, messages, leaves, tiles, the head of the
 * tree and the cursors of the sources are one transaction, so an event is in all of them or in none, once.
 */
export class Sequencer {
  #committed: Committed | undefined;
  #largest = 0;

  constructor(private readonly ports: SequencerPorts) {}

  /** The log as the database has it. @throws SERVICE_UNAVAILABLE, STORE_REGRESSED */
  async restore(): Promise<Committed> {
    const { store, log } = this.ports;
    const committed = await store.transaction(async (em) => ({
      tree: await log.restore(em),
      cursors: await readCursors(em),
    }));
    if (committed.tree.size < this.#largest) {
      const detail = `The log ends at ${committed.tree.size}, but ${this.#largest} entries were committed.`;
      throw new ConcordatError('STORE_REGRESSED', detail);
    }
    this.#committed = committed;
    return committed;
  }

  /**
   * Entries that are in the log already change nothing, so a batch whose outcome is unknown is simply given again.
   * @param judge which entries get in; for the others an alarm is kept
   * @throws SERVICE_UNAVAILABLE, STORE_REGRESSED, LogMovedError, DatabaseFault
   */
  async commit(entries: readonly Entry[], judge: Judge = admit): Promise<Outcome> {
    const before = this.#committed ?? (await this.restore());
    const fresh = entriesAfter(entries, before.cursors);
    if (fresh.length === 0) return { log: before, alarms: [] };
    // Forgotten until the commit is known: after an error the database alone knows what happened.
    this.#committed = undefined;
    const outcome = await inSpan(spanOf(fresh), () => this.#write(before, fresh, judge));
    this.#largest = outcome.log.tree.size;
    this.#committed = outcome.log;
    return outcome;
  }

  async #write(before: Committed, entries: readonly Entry[], judge: Judge): Promise<Outcome> {
    const { store, log, clock } = this.ports;
    const { events, alarms } = await this.#prepare(entries, judge);
    const moved = cursorsAfter(entries);
    const tree = await store.transaction(async (em) => {
      await log.lock(em, before.tree);
      const known = await log.known(
        em,
        events.map(({ entry }) => entry.envelope.id),
      );
      const fresh = events.filter(({ entry }) => !known.has(entry.envelope.id));
      await writeRows(em, fresh, before.tree.size);
      await keepAlarms(em, alarms, clock.now().toISOString());
      await writeCursors(em, moved);
      return log.append(em, before.tree, fresh.map(leafOf));
    });
    return { log: { tree, cursors: new Map([...before.cursors, ...moved]) }, alarms };
  }

  async #prepare(entries: readonly Entry[], judge: Judge): Promise<{ events: Prepared[]; alarms: Alarm[] }> {
    const alarms: Alarm[] = [];
    const preparing: Promise<Prepared>[] = [];
    for (const entry of entries) {
      const admission = judge(entry);
      if (admission.ok) preparing.push(this.#seal(entry, admission.change));
      else {
        const { source, envelope } = entry;
        alarms.push({ kind: 'malformed', source, at: envelope.at, detail: admission.reason });
      }
    }
    return { events: await Promise.all(preparing), alarms };
  }

  async #seal(entry: Entry, change: MessageChange | undefined): Promise<Prepared> {
    const sealed = await this.ports.sealer.seal(entry.envelope);
    return { entry, sealed, change: change && (await this.#sealChange(entry, change)) };
  }

  async #sealChange({ envelope }: Entry, change: MessageChange): Promise<StoredChange> {
    const { acceptance, tenant, messageId } = change;
    if (!acceptance) return { ...change, acceptance };
    const payload = await this.ports.sealer.sealPayload(
      tenant,
      envelope.subject,
      messageId,
      acceptance.payload,
    );
    return { ...change, acceptance: { ...acceptance, payload } };
  }
}

async function writeRows(em: EntityManager, events: readonly Prepared[], size: number): Promise<void> {
  await insertEvents(
    em,
    events.map(({ entry: { envelope }, sealed: { body } }, i) => ({ logIndex: size + i, envelope, body })),
  );
  await noteErasures(
    em,
    events.map(({ entry }) => entry.envelope),
  );
  await applyChanges(
    em,
    events.flatMap(({ change }) => (change ? [change] : [])),
  );
}

const leafOf = ({ entry, sealed: { leaf, leafHash } }: Prepared): NewLeaf => ({
  eventId: entry.envelope.id,
  leaf,
  leafHash,
});

/** One span per batch; links lead from it to what caused the events. */
function spanOf(entries: readonly Entry[]) {
  const causes = new Set(entries.flatMap(({ envelope }) => envelope.traceparent ?? []));
  const links: Link[] = [...causes].slice(0, linksLimit).flatMap(linkTo);
  const attributes = {
    'messaging.system': 'redis',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.batch.message_count': entries.length,
  };
  return { name: 'process audit.ingest', kind: SpanKind.CONSUMER, links, attributes };
}
