import { ConcordatError, type EventEnvelope } from '@concordat/contracts';
import { sha256Once, toBase64url } from '@concordat/crypto';
import { type Clock, inSpan, linkTo } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Link, SpanKind } from '@opentelemetry/api';
import { noteActivity } from '../anomaly/activity';
import { noteErasures } from '../erasure/erasure-rows';
import { insertEvents } from '../event/event.projection';
import { noteUsers } from '../governance/known-user.projection';
import type { EventSealer } from '../leaf/event-sealer';
import type { MessageColumns } from '../leaf/row-binding';
import { sealEvent, type SealedEvent, sealPayload, type SubjectKey } from '../leaf/sealed-event';
import type { Committed } from '../log/checkpoint.job';
import type { LabelRegistry } from '../label/label-registry';
import { labelsOf } from '../label/labels';
import type { LogWriter, NewLeaf } from '../log/log-writer';
import type { MessageChange } from '../message/message-change';
import { applyChanges, type StoredChange } from '../message/message.projection';
import { isLasting, lastingClass } from '../retention/lasting-events';
import type { Layout } from '../retention/layout';
import { layoutAt, timesOf } from '../retention/partitions';
import type { AuditStore } from '../store/audit-store';
import { type Admission, admit, type Entry } from './admission';
import { type Alarm, keepAlarms } from './alarm';
import { cursorsAfter, entriesAfter } from './batch';
import { readCursors, writeCursors } from './source-cursors';

export interface SequencerPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly log: LogWriter;
  readonly labels: Pick<LabelRegistry, 'load' | 'of'>;
  readonly clock: Clock;
}

/** The log after a batch, and the alarms that were kept with it. */
export interface Outcome {
  readonly log: Committed;
  readonly alarms: readonly Alarm[];
}

type Judge = (entry: Entry) => Admission;

/** An entry that is ready to be written: sealed, or with the reason why it does not get in. */
export type ReadyEntry = Entry & ({ readonly event: PreparedEvent } | { readonly refusal: string });

interface PreparedEvent {
  readonly sealed: SealedEvent;
  readonly changes: readonly StoredChange[];
}
type AdmittedEntry = Extract<ReadyEntry, { event: PreparedEvent }>;

const isAdmitted = (entry: ReadyEntry): entry is AdmittedEntry => 'event' in entry;

const linksLimit = 128;

/**
 * Puts events into the log: the one place where an event gets its index. Rows, messages, leaves, tiles, the head of the
 * tree and the cursors of the sources are one transaction, so an event is in all of them or in none, once.
 */
export class Sequencer {
  #committed: Committed | undefined;
  #layout: Layout | undefined;
  #largest = 0;

  constructor(private readonly ports: SequencerPorts) {}

  /** The log as the database has it. @throws SERVICE_UNAVAILABLE, STORE_REGRESSED */
  async restore(): Promise<Committed> {
    const { store, log, labels } = this.ports;
    await labels.load();
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
   * Judges and seals entries; needs no database, so it goes on while the batch before is committed.
   * @param judge which entries get in; for the others an alarm is kept
   */
  async prepare(entries: readonly Entry[], judge: Judge = admit): Promise<ReadyEntry[]> {
    const judged = entries.map((entry) => ({ entry, admission: judge(entry) }));
    const { labels } = this.ports;
    const admitted = judged.flatMap(({ entry, admission }) => (admission.ok ? [entry.envelope] : []));
    const keyOf = await this.ports.sealer.keysOf(admitted);
    return judged.map(({ entry: { source, envelope }, admission }) =>
      admission.ok
        ? { source, envelope, event: prepared(keyOf(envelope), envelope, admission.changes, labels) }
        : { source, envelope, refusal: admission.reason },
    );
  }

  /**
   * Entries that are in the log already change nothing, so a batch whose outcome is unknown is simply given again.
   * @throws SERVICE_UNAVAILABLE, STORE_REGRESSED, LogMovedError, DatabaseFault
   */
  async commit(entries: readonly ReadyEntry[]): Promise<Outcome> {
    const before = this.#committed ?? (await this.restore());
    const fresh = entriesAfter(entries, before.cursors);
    if (fresh.length === 0) return { log: before, alarms: [] };
    // Forgotten until the commit is known: after an error the database alone knows what happened.
    this.#committed = undefined;
    const outcome = await inSpan(spanOf(fresh), () => this.#write(before, fresh));
    this.#largest = outcome.log.tree.size;
    this.#committed = outcome.log;
    return outcome;
  }

  async #write(before: Committed, entries: readonly ReadyEntry[]): Promise<Outcome> {
    const { store, log, clock } = this.ports;
    const admitted = entries.filter(isAdmitted);
    const alarms = entries.flatMap(alarmOf);
    const moved = cursorsAfter(entries);
    const { tree, layout } = await store.transaction(async (em) => {
      const state = await log.lock(em, before.tree);
      const times = timesOf(state, clock);
      const layout = await layoutAt(em, state, times, this.#layout);
      const known = await log.known(
        em,
        admitted.map(({ envelope }) => envelope.id),
      );
      const fresh = admitted.filter(({ envelope }) => !known.has(envelope.id));
      await writeRows(em, fresh, before.tree.size, layout, times.loggedMs);
      await noteActivity(em, before.tree.size, fresh.map(toldBy));
      await keepAlarms(em, alarms, clock.now().toISOString());
      await writeCursors(em, moved);
      const loggedAt = new Date(times.loggedMs);
      return { tree: await log.append(em, before.tree, fresh.map(leafOf), loggedAt), layout };
    });
    // After the commit: a layout that was rolled back is none.
    this.#layout = layout;
    return { log: { tree, cursors: new Map([...before.cursors, ...moved]) }, alarms };
  }
}

const alarmOf = (entry: ReadyEntry): Alarm[] =>
  isAdmitted(entry)
    ? []
    : [{ kind: 'malformed', source: entry.source, at: entry.envelope.at, detail: entry.refusal }];

const prepared = (
  key: SubjectKey,
  envelope: EventEnvelope,
  changes: readonly MessageChange[],
  labels: Pick<LabelRegistry, 'of'>,
): PreparedEvent => {
  const kept = changes.map((change) => stored(key, change, labels));
  return { sealed: sealEvent(key, envelope, acceptedIn(kept)), changes: kept };
};

/** Columns of the message that was accepted. */
function acceptedIn([change]: readonly StoredChange[]): MessageColumns | null {
  if (!change?.acceptance) return null;
  const { tenant, messageId, from, to, acceptance } = change;
  const { type, priority, correlationId, replyTo, ttlSeconds, payload } = acceptance;
  const said = { tenant, messageId, from, to, type, priority, correlationId, replyTo, ttlSeconds };
  return { ...said, payloadKeyId: payload.keyId, payload: toBase64url(sha256Once(payload.box)) };
}

function stored(key: SubjectKey, change: MessageChange, labels: Pick<LabelRegistry, 'of'>): StoredChange {
  const { acceptance, tenant, messageId } = change;
  if (!acceptance) return { ...change, acceptance };
  const sealed = sealPayload(key, tenant, messageId, acceptance.payload);
  const found = labelsOf(labels.of(tenant), acceptance.type, acceptance.payload);
  const payload = found ? { ...sealed, labels: JSON.stringify(found) } : sealed;
  return { ...change, acceptance: { ...acceptance, payload } };
}

async function writeRows(
  em: EntityManager,
  entries: readonly AdmittedEntry[],
  size: number,
  layout: Layout,
  loggedMs: number,
): Promise<void> {
  const loggedAt = new Date(loggedMs).toISOString();
  const classOf = (event: EventEnvelope) =>
    isLasting(event) ? lastingClass : layout.classAt(event.tenant, 'events', loggedMs);
  await insertEvents(
    em,
    entries.map(({ envelope, event: { sealed } }, i) => ({
      logIndex: size + i,
      envelope,
      body: sealed.body,
      loggedAt,
      retentionClass: classOf(envelope),
    })),
  );
  const envelopes = entries.map(({ envelope }) => envelope);
  await noteErasures(em, envelopes);
  await noteUsers(em, envelopes);
  await applyChanges(
    em,
    entries.flatMap(({ event }) => event.changes),
    layout,
    loggedMs,
  );
}

const toldBy = ({ envelope, event: { changes } }: AdmittedEntry) => ({ envelope, changes });

const leafOf = ({ envelope, event: { sealed } }: AdmittedEntry): NewLeaf => ({
  eventId: envelope.id,
  leaf: sealed.leaf,
  leafHash: sealed.leafHash,
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
