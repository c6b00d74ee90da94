import type { EventSealer } from '../leaf/event-sealer';
import { LogEntry } from '../log/log-rows';
import type { AuditStore } from '../store/audit-store';
import { type Dropped, dropTypes } from './dropped';
import type { Erased } from './erased';
import type { Faults } from './fault';
import { countEvents, eventPages, type StoredEvent } from './event-pages';
import { readLater } from './later-events';
import { type EventText, judge } from './opened-event';
import type { Snapshot } from './snapshot';
import { timeOf } from './stored-log';

export interface EventCheckPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly dropped: Dropped;
  readonly erased: Erased;
  /** Called with every row whose key is gone. */
  readonly onClosed: (row: StoredEvent) => void;
  readonly faults: Faults;
  readonly onProgress: (entries: number) => void;
  /** Called with every event that is as it was logged. */
  readonly onEvent: (event: EventText) => void;
}

/** Leaves that are looked after at a time: one bit each. */
const windowSize = 65_536;
const missingKept = 100;

/** Every row of `audit_events` against its leaf, and every leaf for its row. */
export class EventCheck {
  /** Leaves without a row: how many, the first, and the last of them, since what is dropped is what is oldest. */
  #missingCount = 0;
  #firstMissing: Missing[] = [];
  #lastMissing: Missing[] = [];

  constructor(
    private readonly ports: EventCheckPorts,
    private readonly snapshot: Snapshot,
  ) {}

  async run(): Promise<void> {
    const { size, tenants } = this.snapshot;
    const { onProgress } = this.ports;
    for (let from = 0; from < size; from += windowSize) {
      const to = Math.min(size, from + windowSize);
      const seen = new Uint8Array(to - from);
      for (const tenant of tenants) await this.#checkRows(tenant, from, to, seen);
      await this.#noteMissing(from, seen);
      onProgress(to);
    }
    await this.#judgeMissing();
  }

  async #checkRows(tenant: string, from: number, to: number, seen: Uint8Array): Promise<void> {
    const { store, faults } = this.ports;
    let rows = 0;
    for await (const page of eventPages(store, { tenant, from, to })) {
      const closed: StoredEvent[] = [];
      for (const row of page) {
        const place = row.logIndex - from;
        if (seen[place]) this.#fault(row, 'it is a second row of the entry');
        else if (!(await this.#check(row))) closed.push(row);
        seen[place] = 1;
      }
      await this.#judgeClosed(closed);
      rows += page.length;
    }
    const count = await countEvents(store, { tenant, from, to });
    if (count === rows) return;
    const detail = `there are ${count} rows of the entries ${from}–${to - 1}, of which ${rows} have a place of their own`;
    faults.add({ table: 'audit_events', tenant, logIndex: from, detail });
  }

  /** @returns false when the key of the row is gone */
  async #check(row: StoredEvent): Promise<boolean> {
    const judgement = await judge(this.ports.sealer, row);
    if (judgement.kind === 'changed') this.#fault(row, judgement.detail);
    if (judgement.kind === 'open') this.ports.onEvent(judgement.event);
    return judgement.kind !== 'closed';
  }

  async #judgeClosed(rows: readonly StoredEvent[]): Promise<void> {
    const { erased, onClosed } = this.ports;
    const unexplained = (): StoredEvent[] =>
      rows.filter(({ tenant, subject }) => !erased.has(tenant, subject));
    // Its subject may have been erased a moment ago.
    if (unexplained().length > 0) await erased.read();
    for (const row of rows) onClosed(row);
    for (const row of unexplained()) this.#fault(row, 'key_id names no key, and its subject was not erased');
  }

  #fault({ tenant, logIndex, eventId }: StoredEvent, detail: string): void {
    this.ports.faults.add({ table: 'audit_events', tenant, logIndex, eventId, detail });
  }

  async #noteMissing(from: number, seen: Uint8Array): Promise<void> {
    if (!seen.includes(0)) return;
    const places = Array.from(seen.keys()).filter((place) => !seen[place]);
    this.#missingCount += places.length;
    const ends = [...new Set([...places.slice(0, missingKept), ...places.slice(-missingKept)])];
    const where = { leafIndex: { $in: ends.map((place) => from + place) } };
    const order = { orderBy: { leafIndex: 'asc' } } as const;
    const leaves = await this.ports.store.read((em) => em.find(LogEntry, where, order));
    const found = leaves.map(({ leafIndex: logIndex, eventId, leaf }) => ({ logIndex, eventId, leaf }));
    this.#firstMissing = [...this.#firstMissing, ...found].slice(0, missingKept);
    this.#lastMissing = [...this.#lastMissing, ...found].slice(-missingKept);
  }

  /** More rows may not be missing than retention has dropped. */
  async #judgeMissing(): Promise<void> {
    const { dropped } = this.ports;
    // Retention may have dropped some since the snapshot, or just before it said so in the log.
    if (this.#missingCount > dropped.rows) {
      const later = { from: this.snapshot.size, types: dropTypes };
      await readLater(this.ports, later, nothing, (event) => dropped.note(event));
    }
    const tooYoung =
      dropped.rows === 0 ? [] : this.#lastMissing.filter(({ leaf }) => !dropped.mayLack(timeOf(leaf)));
    for (const missing of tooYoung)
      this.#missing(missing, 'the row of the entry is missing; retention has dropped none of its time');
    const tooMany = this.#missingCount - dropped.rows;
    if (tooMany <= tooYoung.length) return;
    const detail =
      dropped.rows === 0
        ? 'the row of the entry is missing'
        : `the row of this entry is missing, or of an earlier one: ${tooMany} rows more are than retention has dropped`;
    const named = dropped.rows === 0 ? this.#firstMissing : this.#lastMissing.slice(-tooMany);
    for (const missing of named) this.#missing(missing, detail);
  }

  #missing({ logIndex, eventId }: Missing, detail: string): void {
    this.ports.faults.add({ table: 'audit_events', logIndex, eventId, detail });
  }
}

const nothing = (): Promise<void> => Promise.resolve();

interface Missing {
  readonly logIndex: number;
  readonly eventId: string;
  readonly leaf: Uint8Array;
}
