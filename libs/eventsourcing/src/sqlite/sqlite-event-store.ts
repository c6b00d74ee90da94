import { ConcordatError, isErrorCode } from '@concordat/contracts';
import {
  type Connection,
  type Migration,
  openDatabase,
  ReadPool,
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
import { appendStatements, movedOn } from './append-statements';
import { EventReader } from './event-reader';
import { HeadAnchorKeeper } from './head-anchor';
import { prepareFile } from './prepare-file';
import { verifyAtOpen } from './verify-file';

/** Queries of projections that read much: in other threads, refused when too many wait or one takes too long. */
export type HeavyReads = Pick<ReadPool, 'all' | 'read'>;

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
  readonly #anchor: HeadAnchorKeeper;
  readonly #listeners = new Set<() => void>();

  /** Read-only, for the queries of projections; sees what was committed when a statement begins. */
  readonly reader: Connection;

  /** For queries that read much (lists, snapshots, scans): in threads of their own, bounded in number and time. */
  readonly heavyReads: ReadPool;

  /** @throws ConcordatError STORE_REGRESSED when the file is torn, truncated or rolled back; it names what to do */
  constructor(private readonly options: SqliteEventStoreOptions) {
    const { file, source, onFailure } = options;
    verifyAtOpen(file, source);
    this.source = source;
    this.epoch = prepareFile(options);
    this.#writer = new SqliteWriter({ file, onFailure, secureDelete: true });
    this.#anchor = new HeadAnchorKeeper(file, () => this.#events.head());
    this.heavyReads = new ReadPool({ file });
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
      this.#anchor.moved();
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
    await this.heavyReads.close();
    await this.#anchor.close();
    this.reader.close();
    await this.#writer.close();
  }
}

function explain(error: SqlJobError): Error {
  const { refusal } = error;
  if (refusal?.code === movedOn) return conflict(error);
  if (refusal && isErrorCode(refusal.code)) return new ConcordatError(refusal.code, refusal.detail);
  switch (error.uniqueColumns) {
    case 'events.tenant, events.stream, events.version':
      return conflict(error);
    case 'commands.tenant, commands.id':
      return new DuplicateCommandError('the command was carried out before', { cause: error });
    default:
      return error;
  }
}

const conflict = (cause: SqlJobError): VersionConflictError =>
  new VersionConflictError('the stream has moved on', { cause });
