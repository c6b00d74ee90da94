import { chainParts } from '@concordat/contracts';
import { chainHash, chainStart } from '@concordat/crypto';
import type { Connection } from '@concordat/sqlite';
import { type Head, type StoredEvent, toEnvelope } from '../event-store';
import { ChainWalk } from './chain-walk';

const insertEvent = `INSERT INTO events (position, epoch, prev_epoch, tenant, stream, version, type, subject, time, actor,
  correlation, traceparent, data, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Fills the history of a file with events that were elsewhere before; each is checked against the one before it. */
export class HistoryWriter {
  readonly #walk: ChainWalk;
  readonly #insert;
  #head: Head;

  /** @param db with an empty history */
  constructor(
    private readonly db: Connection,
    private readonly source: string,
  ) {
    this.#head = { at: { epoch: 0, position: 0 }, hash: chainStart };
    this.#walk = new ChainWalk(this.#head);
    this.#insert = db.prepare(insertEvent);
  }

  get head(): Head {
    return this.#head;
  }

  /** @returns what is wrong with the event; then it was not added */
  add(event: StoredEvent): string | undefined {
    const problem = this.#walk.next(toEnvelope(this.source, event));
    if (problem) return problem;
    const { at, prev, tenant, stream, version, type, subject, time, actor, correlation, traceparent } = event;
    const place = [at.position, at.epoch, prev.epoch, tenant, stream, version];
    this.#insert.run(
      ...[...place, type, subject, time, actor, correlation, traceparent],
      ...[event.data, event.prevHash, event.hash],
    );
    this.#head = { at, hash: event.hash };
    return undefined;
  }

  /** @returns the version that an event of before gets at the end of its stream; undefined when that is lost */
  versionAnew({ tenant, stream, version }: StoredEvent): number | undefined {
    const latest = this.db
      .prepare<[string, string], number | null>(
        'SELECT max(version) FROM events WHERE tenant = ? AND stream = ?',
      )
      .pluck()
      .get(tenant, stream);
    // What is taken back of tokens has a stream of its own, which begins with it.
    if ((latest === null || latest === undefined) && version !== 1) return undefined;
    return (latest ?? 0) + 1;
  }

  /** Adds an event under the next position of a new epoch. */
  addAnew(event: StoredEvent, epoch: number): void {
    const { at: prev, hash: prevHash } = this.#head;
    const draft = { ...event, at: { epoch, position: prev.position + 1 }, prev, prevHash };
    this.add({ ...draft, hash: chainHash(prevHash, ...chainParts(toEnvelope(this.source, draft))) });
  }

  /** Names the head of what was added, and the epoch of what will come. */
  finish(epoch: number): void {
    const { at, hash } = this.#head;
    this.db
      .prepare('UPDATE store SET epoch = ?, head_epoch = ?, position = ?, hash = ?')
      .run(epoch, at.epoch, at.position, hash);
  }
}

/** Remembers the commands of another file, so that their repetitions have no second effect; those up to a position. */
export function copyCommands(from: Connection, to: Connection, upTo: number): void {
  const insert =
    to.prepare(`INSERT OR IGNORE INTO commands (tenant, id, digest, stream, version, epoch, position, at_ms)
    VALUES ($tenant, $id, $digest, $stream, $version, $epoch, $position, $at_ms)`);
  const rows = from.prepare<[number], object>('SELECT * FROM commands WHERE position <= ?').iterate(upTo);
  for (const row of rows) insert.run(row);
}
