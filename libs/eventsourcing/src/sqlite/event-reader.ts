import { chainStart } from '@concordat/crypto';
import type { Connection } from '@concordat/sqlite';
import type { Statement } from 'better-sqlite3';
import type { Head, RememberedCommand, StoredEvent } from '../event-store';

interface EventRow {
  position: number;
  epoch: number;
  prev_epoch: number;
  tenant: string;
  stream: string;
  version: number;
  type: string;
  subject: string;
  time: string;
  actor: string;
  correlation: string | null;
  traceparent: string | null;
  data: string;
  prev_hash: Uint8Array;
  hash: Uint8Array;
}

/** Queries on the tables of 001-events.sql. */
export class EventReader {
  readonly #ofStream: Statement<[string, string, number], EventRow>;
  readonly #after: Statement<[number, number], EventRow>;
  readonly #command: Statement<[string, string], RememberedCommand & { epoch: number; position: number }>;
  readonly #head: Statement<[], HeadRow>;
  readonly #at: Statement<[number], HeadRow>;
  readonly #epoch: Statement<[], number>;
  readonly #count: Statement<[], number>;

  constructor(db: Connection) {
    this.#ofStream = db.prepare(
      'SELECT * FROM events WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version',
    );
    this.#after = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
    this.#command = db.prepare(
      'SELECT digest, stream, version, epoch, position FROM commands WHERE tenant = ? AND id = ?',
    );
    this.#head = db.prepare('SELECT head_epoch AS epoch, position, hash FROM store');
    this.#at = db.prepare('SELECT epoch, position, hash FROM events WHERE position = ?');
    this.#epoch = db.prepare<[], number>('SELECT epoch FROM store').pluck();
    this.#count = db.prepare<[], number>('SELECT count(*) FROM events').pluck();
  }

  ofStream(tenant: string, stream: string, afterVersion: number): StoredEvent[] {
    return this.#ofStream.all(tenant, stream, afterVersion).map(toStoredEvent);
  }

  after(position: number, limit: number, maxBytes: number): StoredEvent[] {
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const row of this.#after.iterate(position, limit)) {
      events.push(toStoredEvent(row));
      bytes += row.data.length;
      if (bytes >= maxBytes) break;
    }
    return events;
  }

  command(tenant: string, id: string): RememberedCommand | undefined {
    const row = this.#command.get(tenant, id);
    if (!row) return undefined;
    const { digest, stream, version, epoch, position } = row;
    return { digest, stream, version, at: { epoch, position } };
  }

  head(): Head {
    return toHead(this.#head.get()!);
  }

  /** @returns undefined when a damaged file has none */
  storedHead(): Head | undefined {
    const row = this.#head.get();
    return row && toHead(row);
  }

  /** The head as it was after the event at a position; 0 is the beginning. */
  headAt(position: number): Head | undefined {
    if (position === 0) return { at: { epoch: 0, position: 0 }, hash: chainStart };
    const row = this.#at.get(position);
    return row && toHead(row);
  }

  count(): number {
    return this.#count.get()!;
  }

  /** The epoch of the next events. */
  epoch(): number {
    return this.#epoch.get() ?? 0;
  }
}

interface HeadRow {
  epoch: number;
  position: number;
  hash: Uint8Array;
}

const toHead = ({ epoch, position, hash }: HeadRow): Head => ({ at: { epoch, position }, hash });

function toStoredEvent(row: EventRow): StoredEvent {
  const { position, epoch, prev_epoch, prev_hash, ...rest } = row;
  return {
    ...rest,
    at: { epoch, position },
    prev: { epoch: prev_epoch, position: position - 1 },
    prevHash: prev_hash,
  };
}
