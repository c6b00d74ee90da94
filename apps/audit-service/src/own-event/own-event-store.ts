import { chainParts, type Position } from '@concordat/contracts';
import { chainHash } from '@concordat/crypto';
import { type Head, type RelaySource, type StoredEvent, toEnvelope } from '@concordat/eventsourcing';
import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { OwnCommand, OwnEventEntity, type OwnEventRow, OwnHead, type OwnHeadRow } from './own-event-rows';

/** An event on its way into the outbox: sealed, without a place. */
export type OwnDraft = Pick<
  StoredEvent,
  'tenant' | 'type' | 'subject' | 'actor' | 'time' | 'correlation' | 'traceparent' | 'data'
>;

const source = 'audit';
const headId = 1;
/** Published events that stay, as they do in the stream. */
const keepPositions = 10_000;
const batchBytes = 4_194_304;

const headOf = ({ headEpoch, position, hash }: OwnHeadRow): Head => ({
  at: { epoch: headEpoch, position },
  hash,
});

/**
 * The history of audit-service itself as the relay reads it. It is an outbox only: what was published is in the Merkle
 * log, and goes from here after a while.
 */
export class OwnEventStore implements RelaySource {
  readonly source = source;
  readonly #listeners = new Set<() => void>();
  #epoch = 0;

  constructor(private readonly store: AuditStore) {}

  /** 0 until the database was read once. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Puts events behind all others, in the transaction of `em`: they are published after its commit. */
  async append(em: EntityManager, drafts: readonly OwnDraft[]): Promise<Head> {
    const row = await em.findOneOrFail(OwnHead, { id: headId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    let head = headOf(row);
    const events: OwnEventRow[] = [];
    for (const draft of drafts) {
      const event = follow(head, draft, row.epoch);
      head = { at: event.at, hash: event.hash };
      events.push(rowOf(event));
    }
    if (events.length === 0) return head;
    await em.insertMany(OwnEventEntity, events);
    const { at, hash } = head;
    await em.nativeUpdate(OwnHead, { id: headId }, { headEpoch: at.epoch, position: at.position, hash });
    return head;
  }

  /** To be called after the commit of what was appended. */
  appended(): void {
    for (const listener of this.#listeners) listener();
  }

  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async head(): Promise<Head> {
    const row = await this.#read((em) => em.findOneOrFail(OwnHead, { id: headId }));
    this.#epoch = row.epoch;
    return headOf(row);
  }

  async readAfter(position: number, limit: number, maxBytes = batchBytes): Promise<StoredEvent[]> {
    const where = { position: { $gt: position } };
    const rows = await this.#read((em) =>
      em.find(OwnEventEntity, where, { orderBy: { position: 'asc' }, limit }),
    );
    let bytes = 0;
    return rows.filter(({ data }, i) => (bytes += data.length) <= maxBytes || i === 0).map(eventOf);
  }

  async eventAt(position: number): Promise<StoredEvent | undefined> {
    if (this.#epoch === 0) await this.head();
    const row = await this.#read((em) => em.findOne(OwnEventEntity, { position }));
    return row ? eventOf(row) : undefined;
  }

  /** Forgets commands that were carried out before, and events that were published long ago. */
  async forgetCommands(beforeMs: number): Promise<number> {
    const { at } = await this.head();
    return this.store.transaction(async (em) => {
      const published = { position: { $lt: at.position - keepPositions }, time: { $lt: isoOf(beforeMs) } };
      await em.nativeDelete(OwnEventEntity, published);
      return em.nativeDelete(OwnCommand, { at: { $lt: new Date(beforeMs) } });
    });
  }

  /** Whoever asks first brings the tables up to date. */
  async #read<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    await this.store.migrate();
    return this.store.read(task);
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

function follow({ at: prev, hash: prevHash }: Head, draft: OwnDraft, epoch: number): StoredEvent {
  const at: Position = { epoch, position: prev.position + 1 };
  const event = { ...draft, at, prev, stream: '', version: 0, prevHash, hash: prevHash };
  return { ...event, hash: chainHash(prevHash, ...chainParts(toEnvelope(source, event))) };
}

const rowOf = ({ at, prev, stream: _, version: __, ...event }: StoredEvent): OwnEventRow => ({
  ...event,
  position: at.position,
  epoch: at.epoch,
  prevEpoch: prev.epoch,
});

const eventOf = ({ position, epoch, prevEpoch, ...event }: OwnEventRow): StoredEvent => ({
  ...event,
  at: { epoch, position },
  prev: { epoch: prevEpoch, position: position - 1 },
  stream: '',
  version: 0,
});
