import { RecordsDropped, sourceUri } from '@concordat/contracts';
import type { EventSealer } from '../leaf/event-sealer';
import type { AuditStore } from '../store/audit-store';
import type { DroppedRecords } from './dropped-records';
import { eventPages, type StoredEvent } from './event-pages';
import type { Faults } from './fault';
import { readLater } from './later-events';
import { judge } from './opened-event';
import { firstRecordTypes, RecordFolds, recordName, recordTypes, type ToldRecord } from './record-folds';
import {
  recordPages,
  recordsNamed,
  recordTableNames,
  type RecordTableName,
  type StoredRecord,
} from './record-tables';
import type { Snapshot } from './snapshot';

export interface RecordCheckPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly dropped: DroppedRecords;
  readonly faults: Faults;
  readonly onProgress: (records: number) => void;
}

interface RecordKey {
  readonly table: RecordTableName;
  readonly tenant: string;
  readonly id: string;
}

const authority = sourceUri('audit');
/** Rows that are looked at again together. */
const doubtsAtOnce = 500;

/** How many rows events of somebody who was erased tell of: which, is closed. Memory grows with who was erased only. */
export class ClosedRecords {
  readonly #counts = new Map<string, number>();

  /** @param row whose key is gone, and whose columns are what was logged */
  note({ type, source, tenant, subject }: StoredEvent): void {
    const table = firstRecordTypes[type];
    if (table && source === authority) this.#add(recordName(table, tenant, subject), 1);
  }

  /** One row is told of by one of them. @returns false when there are none left */
  take(table: RecordTableName, tenant: string, subject: string): boolean {
    return this.#add(recordName(table, tenant, subject), -1) >= 0;
  }

  *left(): Generator<readonly [name: string, count: number]> {
    for (const [name, count] of this.#counts) if (count > 0) yield [name, count];
  }

  #add(name: string, count: number): number {
    const after = (this.#counts.get(name) ?? 0) + count;
    this.#counts.set(name, after);
    return after;
  }
}

/** Records of governance, labels, legal holds and settings against the events that bind them, and those events for their rows. */
export class RecordCheck {
  #size: number;
  #doubts: RecordKey[] = [];
  #checked = 0;

  constructor(
    private readonly ports: RecordCheckPorts,
    private readonly snapshot: Snapshot,
    private readonly closed: ClosedRecords,
  ) {
    this.#size = snapshot.size;
  }

  /** @param first folds of the first part, added up already */
  async run(first: RecordFolds): Promise<void> {
    await this.#compare(first);
    for (let part = 1; part < first.parts; part++) {
      const folds = new RecordFolds(part, first.parts);
      for (const tenant of this.snapshot.tenants) await this.#addEvents(folds, tenant);
      await this.#compare(folds);
    }
    for (const [name, count] of this.closed.left()) {
      const { table, tenant, id } = keyOf(name);
      let missing = count;
      while (missing > 0 && this.ports.dropped.take(table, tenant)) missing--;
      const detail = `${missing} records of ${id}, who was erased, are missing`;
      if (missing > 0) this.ports.faults.add({ table, tenant, row: id, detail });
    }
  }

  async #addEvents(folds: RecordFolds, tenant: string): Promise<void> {
    const range = { tenant, from: 0, to: this.#size, types: recordTypes };
    for await (const page of eventPages(this.ports.store, range))
      for (const row of page) {
        const judgement = await judge(this.ports.sealer, row);
        if (judgement.kind === 'open') folds.add(judgement.event);
      }
  }

  async #compare(folds: RecordFolds): Promise<void> {
    for (const table of recordTableNames)
      for await (const page of recordPages(this.ports.store, table)) {
        for (const { tenant, id, digests } of page) {
          const name = recordName(table, tenant, id);
          if (!folds.holds(name)) continue;
          if (isTold(table, digests, folds.get(name))) folds.settle(name);
          else await this.#doubt(folds, { table, tenant, id });
        }
        this.#checked += page.length;
        this.ports.onProgress(this.#checked);
      }
    await this.#resolve(folds);
    for (const name of [...folds.open()]) await this.#doubt(folds, keyOf(name));
    await this.#resolve(folds);
  }

  async #doubt(folds: RecordFolds, key: RecordKey): Promise<void> {
    this.#doubts.push(key);
    if (this.#doubts.length >= doubtsAtOnce) await this.#resolve(folds);
  }

  /** The rows again, at one moment, and what was told until then, in the log or on its way there. */
  async #resolve(folds: RecordFolds): Promise<void> {
    if (this.#doubts.length === 0) return;
    const doubts = this.#doubts;
    this.#doubts = [];
    const rows = new Map<string, StoredRecord>();
    const later = { from: this.#size, types: [...recordTypes, RecordsDropped.type] };
    const { size } = await readLater(
      this.ports,
      later,
      async (em) => {
        for (const table of recordTableNames) {
          const keys = doubts.filter((key) => key.table === table);
          for (const row of keys.length === 0 ? [] : await recordsNamed(em, table, keys))
            rows.set(recordName(table, row.tenant, row.id), row);
        }
      },
      (event) => {
        folds.add(event);
        this.ports.dropped.note(event);
      },
    );
    this.#size = Math.max(this.#size, size);
    for (const key of doubts) {
      const name = recordName(key.table, key.tenant, key.id);
      this.#decide(key, rows.get(name), folds.get(name));
      folds.settle(name);
    }
  }

  #decide(
    { table, tenant, id }: RecordKey,
    row: StoredRecord | undefined,
    told: ToldRecord | undefined,
  ): void {
    const fault = (detail: string): void => this.ports.faults.add({ table, tenant, row: id, detail });
    if (!row) {
      if (told && !this.ports.dropped.take(table, tenant, id)) fault('the row is missing');
      return;
    }
    if (!row.digests) return fault('the row is not what its hash says');
    // The first event about it may be closed.
    const isClosed = !told?.first && row.subject !== null && this.closed.take(table, tenant, row.subject);
    if (!told && !isClosed) return fault('no event in the log tells of the row');
    if (told && !isTold(table, row.digests, told)) return fault('the row is not what events tell');
  }
}

/** A record that was ended has one hash; what was released says that beside what it said before. */
function isTold(
  table: RecordTableName,
  digests: ToldRecord | undefined,
  told: ToldRecord | undefined,
): boolean {
  if (!digests || !told) return false;
  if (table === 'workflow_executions') return digests.first === (told.last ?? told.first);
  if (table === 'legal_holds') return digests.first === told.first && digests.last === told.last;
  return digests.first === told.first;
}

function keyOf(name: string): RecordKey {
  const [table = '', tenant = '', ...id] = name.split(' ');
  return { table: table as RecordTableName, tenant, id: id.join(' ') };
}
