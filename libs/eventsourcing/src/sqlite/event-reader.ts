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
  readonly #head: Statement<[], { epoch: number; position: number; hash: Uint8Array }>;

  constructor(db: Connection) {
    this.#ofStream = db.prepare(
      'SELECT * FROM events WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version',
    );
    this.#after = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
    this.#command = db.prepare(
      'SELECT digest, stream, version, epoch, position FROM commands WHERE tenant = ? AND id = ?',
    );
    this.#head = db.prepare('SELECT head_epoch AS epoch, position, hash FROM store');
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
    const { epoch, position, hash } = this.#head.get()!;
    return { at: { epoch, position }, hash };
  }
}

function toStoredEvent(row: EventRow): StoredEvent {
  const { position, epoch, prev_epoch, prev_hash, ...rest } = row;
  return {
    ...rest,
    at: { epoch, position },
    prev: { epoch: prev_epoch, position: position - 1 },
    prevHash: prev_hash,
  };
}
