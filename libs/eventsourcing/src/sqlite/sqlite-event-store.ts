import { join } from 'node:path';
import { ConcordatError, isErrorCode } from '@concordat/contracts';
import { chainStart } from '@concordat/crypto';
import {
  type Connection,
  migrate,
  type Migration,
  openDatabase,
  readMigrations,
  SqliteWriter,
  SqlJobError,
  type SqlStatement,
} from '@concordat/sqlite';
import {
  type AppendRequest,
  DuplicateCommandError,
  type EventStore,
  type Head,
  type RememberedCommand,
  type StoredEvent,
  VersionConflictError,
} from '../event-store';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { appendStatements } from './append-statements';
import { EventReader } from './event-reader';

const tracer = () => trace.getTracer('concordat');

export interface SqliteEventStoreOptions {
  readonly file: string;
  readonly source: string;
  /** Tables of the service's projections. */
  readonly migrations: { readonly room: string; readonly list: readonly Migration[] };
  readonly now: () => Date;
  /** The writer died: end the process. */
  readonly onFailure: (error: Error) => void;
}

/** Events in SQLite: one writer thread with group commit, reads on a connection of their own. */
export class SqliteEventStore implements EventStore {
  readonly source: string;
  readonly epoch: number;
  readonly #writer: SqliteWriter;
  readonly #events: EventReader;
  readonly #listeners = new Set<() => void>();

  /** Read-only, for the queries of projections; sees what was committed when a statement begins. */
  readonly reader: Connection;

  constructor(private readonly options: SqliteEventStoreOptions) {
    this.source = options.source;
    this.epoch = prepareFile(options);
    this.#writer = new SqliteWriter({ file: options.file, onFailure: options.onFailure, secureDelete: true });
    this.reader = openDatabase(options.file, { readonly: true });
    this.#events = new EventReader(this.reader);
  }

  append(request: AppendRequest): Promise<Head> {
    const attributes = {
      'db.system.name': 'sqlite',
      'db.operation.name': 'append',
      'db.collection.name': 'events',
    };
    return tracer().startActiveSpan('append events', { kind: SpanKind.CLIENT, attributes }, async (span) => {
      try {
        return await this.#append(request);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).name });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async #append(request: AppendRequest): Promise<Head> {
    try {
      const results = await this.#writer.run(
        appendStatements(this.source, request, this.options.now().getTime()),
      );
      const row = results.at(-1)!.rows[0] as { epoch: number; position: number; hash: Uint8Array };
      for (const listener of this.#listeners) listener();
      return { at: { epoch: row.epoch, position: row.position }, hash: row.hash };
    } catch (error) {
      throw error instanceof SqlJobError ? explain(error) : error;
    }
  }

  async readStream(tenant: string, stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return this.#events.ofStream(tenant, stream, afterVersion);
  }

  async readAfter(position: number, limit: number, maxBytes = 4_194_304): Promise<StoredEvent[]> {
    return this.#events.after(position, limit, maxBytes);
  }

  async eventAt(position: number): Promise<StoredEvent | undefined> {
    const [event] = this.#events.after(position - 1, 1, 0);
    return event?.at.position === position ? event : undefined;
  }

  async findCommand(tenant: string, id: string): Promise<RememberedCommand | undefined> {
    return this.#events.command(tenant, id);
  }

  async forgetCommands(beforeMs: number): Promise<number> {
    const [result] = await this.#writer.run([
      { sql: 'DELETE FROM commands WHERE at_ms < ?', params: [beforeMs] },
    ]);
    return result!.changes;
  }

  /**
   * Runs statements that no event stands behind, durably like an append: for columns of read models that tell of now and
   * not of history, and to forget what nobody asks for any more. A rebuild from events does not bring them back.
   * @returns rows changed
   */
  async write(statements: readonly SqlStatement[]): Promise<number> {
    const results = await this.#writer.run(statements);
    return results.reduce((sum, { changes }) => sum + changes, 0);
  }

  purge(): Promise<void> {
    return this.#writer.checkpoint();
  }

  async head(): Promise<Head> {
    return this.#events.head();
  }

  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.reader.close();
    await this.#writer.close();
  }
}

/** Creates or migrates the file. @returns its epoch */
function prepareFile({ file, source, migrations, now }: SqliteEventStoreOptions): number {
  const db = openDatabase(file, { secureDelete: true });
  try {
    const time = now();
    migrate(db, 'eventsourcing', readMigrations(join(__dirname, 'migrations')), time.toISOString());
    migrate(db, migrations.room, migrations.list, time.toISOString());
    db.prepare('INSERT OR IGNORE INTO store VALUES (1, ?, ?, 0, 0, ?)').run(
      source,
      time.getTime(),
      Buffer.from(chainStart),
    );
    const row = db.prepare<[], { source: string; epoch: number }>('SELECT source, epoch FROM store').get()!;
    if (row.source !== source) throw new Error(`${file} holds the events of ${row.source}, not of ${source}`);
    return row.epoch;
  } finally {
    db.close();
  }
}

function explain(error: SqlJobError): Error {
  const { refusal } = error;
  if (refusal && isErrorCode(refusal.code)) return new ConcordatError(refusal.code, refusal.detail);
  switch (error.uniqueColumns) {
    case 'events.tenant, events.stream, events.version':
      return new VersionConflictError('the stream has moved on', { cause: error });
    case 'commands.tenant, commands.id':
      return new DuplicateCommandError('the command was carried out before', { cause: error });
    default:
      return error;
  }
}

/**
 * Begins a new epoch: to be called on a file that was restored from a copy, before a service opens it, because its next
 * positions were perhaps used before with other content.
 */
export function beginEpoch(file: string, nowMs: number): number {
  const db = openDatabase(file);
  try {
    db.prepare('UPDATE store SET epoch = max(epoch + 1, ?)').run(nowMs);
    return db.prepare<[], { epoch: number }>('SELECT epoch FROM store').get()!.epoch;
  } finally {
    db.close();
  }
}
