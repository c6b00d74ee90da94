import {
  ConcordatError,
  type EventEnvelope,
  isConcordatError,
  origin,
  parsePosition,
  type Position,
} from '@concordat/contracts';
import { type Clock, type Logger, sleep, streamProblems } from '@concordat/runtime';
import {
  type EventLog,
  Follower,
  ForgeryError,
  type GapError,
  MalformedEntryError,
  placeAtGap,
  type ReadingPlace,
} from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { ErasureJob } from '../erasure/erasure.job';
import { isErasure } from '../erasure/erasure';
import type { CheckpointJob } from '../log/checkpoint.job';
import type { Cursors } from '../log/covered';
import { makeAhead } from '../retention/partitions';
import type { AuditStore } from '../store/audit-store';
import { isDataFault } from '../store/database-fault';
import { within } from '../store/deadline';
import { type Alarm, keepAlarms } from './alarm';
import { cursorsAfter, cutBehind, entriesOf, firstBatch } from './batch';
import { CursorSaver } from './cursor-saver';
import type { IngestHealth } from './ingest-health';
import type { Outcome, ReadyEntry, Sequencer } from './sequencer';
import type { Source } from './sources';

export interface IngestPorts {
  readonly sources: readonly Source[];
  readonly log: Pick<EventLog, 'read' | 'saveCursor'>;
  readonly store: AuditStore;
  readonly sequencer: Sequencer;
  readonly erasures: ErasureJob;
  readonly checkpoints: CheckpointJob;
  readonly health: IngestHealth;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Entries of one source in one read: with a mebibyte each, what a process can hold of all sources together. */
const readCount = 256;
/** What four busy sources bring with one read: a rest would cost a transaction of its own. */
const batchEntries = 4 * readCount;
const batchBytes = 4_194_304;
const restartMs = 500;
const retryMs = 200;
/** After a read that brought little. A transaction costs about the same for one event as for a hundred. */
const gatherMs = 100;

/**
 * Reads all sources and hands what came to the sequencer. While PostgreSQL is away it tries again and again; the sources
 * keep everything until then, since the cursor that lets them trim is saved after the commit.
 */
export class IngestConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #follower: Follower | undefined;
  #started: Promise<void> = Promise.resolve();
  #committing: Promise<void> = Promise.resolve();
  #isStopped = false;
  readonly #cursors = new Map<string, Position>();
  /** Halved when a transaction fails: a slow database must not be given what it cannot do within its timeout. */
  #batchEntries = batchEntries;

  readonly #saver: CursorSaver;

  constructor(private readonly ports: IngestPorts) {
    this.#saver = new CursorSaver(ports.log, ports.logger);
  }

  onApplicationBootstrap(): void {
    this.#started = this.#start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#started;
    await this.#follower?.stop();
    await this.#committing;
    await this.#saver.flush();
  }

  /** Up to where each source is in the log; empty until it was read. */
  get cursors(): Cursors {
    return this.#cursors;
  }

  /**
   * Waits until the log is read and followed, no longer than so many milliseconds.
   * @throws ConcordatError SERVICE_UNAVAILABLE, STORE_REGRESSED
   */
  async whenStarted(ms: number): Promise<void> {
    const { health } = this.ports;
    if (isConcordatError(health.writeError, 'STORE_REGRESSED')) throw health.writeError;
    if (!this.#follower) await within(ms, this.#started);
    if (!this.#follower) throw new ConcordatError('SERVICE_UNAVAILABLE', 'The audit service is stopping.');
  }

  async #start(): Promise<void> {
    const { sources, store, sequencer, erasures, checkpoints, health, clock, logger } = this.ports;
    while (!this.#isStopped) {
      try {
        await store.migrate();
        const committed = await sequencer.restore();
        await makeAhead(store, clock);
        await erasures.carryOut();
        await checkpoints.start(committed);
        // A source that was never read is named, too: it must not be trimmed by what its other readers have.
        const cursors = new Map(sources.map(({ name }) => [name, committed.cursors.get(name) ?? origin]));
        this.#moved(cursors);
        this.#saver.note(cursors);
        await this.#saver.flush();
        health.wrote();
        this.#follow(cursors);
        return;
      } catch (error) {
        health.writeFailed(error);
        logger.warn({ error }, 'the audit log cannot be read yet');
        await sleep(restartMs);
      }
    }
  }

  #follow(cursors: Cursors): void {
    const { sources, log, health } = this.ports;
    const read: EventLog['read'] = async (requests, count, onMalformed) => {
      const found = await log.read(requests, count, onMalformed);
      health.read();
      return found;
    };
    this.#follower = new Follower(
      sources.map(({ name, trusted }) => ({ source: name, trusted, after: cursors.get(name)! })),
      {
        log: { read },
        count: readCount,
        sleep,
        onEntries: (bySource) => this.#ingest(bySource),
        onGap: (gap) => this.#onGap(gap),
        onError: (error) => this.#onError(error),
      },
    );
    this.#follower.start();
  }

  #moved(cursors: Cursors): void {
    for (const [source, at] of cursors) this.#cursors.set(source, at);
  }

  /**
   * Prepares what came while what came before is committed: the database is as busy as this process. Resolves when there
   * is room for more. The key of a subject that is erased must not serve what comes later, so there it waits.
   */
  async #ingest(bySource: ReadonlyMap<string, readonly EventEnvelope[]>): Promise<void> {
    const begun = performance.now();
    for (const part of cutBehind(entriesOf(bySource), ({ envelope }) => isErasure(envelope))) {
      const ready = await this.ports.sequencer.prepare(part);
      await this.#committing;
      this.#committing = this.#commitAll(ready);
      if (isErasure(part.at(-1)!.envelope)) await this.#committing;
    }
    // Nothing waits behind these: what comes meanwhile shares a transaction.
    const isAll = [...bySource.values()].every(({ length }) => length < readCount);
    if (isAll && !this.#isStopped) await sleep(Math.max(0, begun + gatherMs - performance.now()));
  }

  /** Tries again until everything is committed, or this process stops: then it comes again at the next start. */
  async #commitAll(entries: readonly ReadyEntry[]): Promise<void> {
    let rest = entries;
    while (rest.length > 0 && !this.#isStopped) {
      const batch = firstBatch(rest, this.#batchEntries, batchBytes);
      const outcome = await this.#commit(batch);
      if (!outcome) continue;
      this.#committed(batch, outcome);
      rest = rest.slice(batch.length);
    }
  }

  #committed(batch: readonly ReadyEntry[], { log, alarms }: Outcome): void {
    const { checkpoints, health } = this.ports;
    checkpoints.committed(log);
    for (const alarm of alarms) this.#announce(alarm);
    this.#batchEntries = Math.min(batchEntries, this.#batchEntries * 2);
    health.wrote();
    const moved = cursorsAfter(batch);
    for (const source of moved.keys()) health.moves(source);
    this.#moved(moved);
    this.#saver.note(moved);
  }

  /** @returns undefined when it is to be tried again: in smaller parts when it holds something that cannot be stored */
  async #commit(batch: readonly ReadyEntry[]): Promise<Outcome | undefined> {
    const { erasures, health, logger } = this.ports;
    try {
      const outcome = await this.#sequence(batch);
      // Before the checkpoint: who sees that a subject was erased finds nothing of it any more.
      if (batch.some(({ envelope }) => isErasure(envelope))) await erasures.carryOut();
      return outcome;
    } catch (error) {
      this.#batchEntries = Math.max(1, Math.floor(batch.length / 2));
      if (batch.length > 1 && isDataFault(error)) return undefined;
      health.writeFailed(error);
      logger.warn({ error }, 'ingest');
      if (!this.#isStopped) await sleep(retryMs);
      return undefined;
    }
  }

  /** Goes past an entry that PostgreSQL will never take, with an alarm: one entry must not hold up all others. */
  async #sequence(batch: readonly ReadyEntry[]): Promise<Outcome> {
    const { sequencer } = this.ports;
    try {
      return await sequencer.commit(batch);
    } catch (error) {
      if (batch.length > 1 || !isDataFault(error)) throw error;
      const refusal = `the entry cannot be stored: ${error.message}`;
      return sequencer.commit(batch.map(({ source, envelope }) => ({ source, envelope, refusal })));
    }
  }

  /** What is missing stays missing: the alarm is kept before reading goes on. */
  async #onGap(gap: GapError): Promise<ReadingPlace> {
    await this.raise({ kind: 'gap', source: gap.source, at: gap.found.at, detail: gap.message });
    return placeAtGap(gap);
  }

  #onError(error: unknown): void {
    const { health, logger } = this.ports;
    if (error instanceof MalformedEntryError) return this.#onMalformed(error);
    if (!(error instanceof ForgeryError)) {
      health.readFailed(error);
      logger.warn({ error }, 'ingest');
      return;
    }
    // The source stands still before the forged entry, which is found again and again.
    if (!health.standsStill(error.source, error.message)) return;
    const { source, entry, message } = error;
    this.#raiseOrRetry({ kind: 'forgery', source, at: entry.at, detail: message });
  }

  /** A plain source has gone past it; a chained one stands still and finds it again and again. */
  #onMalformed({ source, entry, message }: MalformedEntryError): void {
    const isChained = this.ports.sources.some(
      ({ name, trusted }) => name === source && trusted !== undefined,
    );
    if (isChained && !this.ports.health.standsStill(source, message)) return;
    this.#raiseOrRetry({
      kind: 'malformed',
      source,
      at: parsePosition(entry.entryId) ?? origin,
      detail: message,
    });
  }

  #raiseOrRetry(alarm: Alarm): void {
    this.raise(alarm).catch((error: unknown) => {
      this.ports.health.moves(alarm.source);
      this.ports.logger.warn({ error }, 'an alarm could not be kept');
    });
  }

  /** Keeps an alarm and says it aloud. @throws Error when the database does not take it */
  async raise(alarm: Alarm): Promise<void> {
    const { store, clock } = this.ports;
    await store.transaction((em) => keepAlarms(em, [alarm], clock.now().toISOString()));
    this.#announce(alarm);
  }

  #announce(alarm: Alarm): void {
    const { kind, source } = alarm;
    streamProblems.inc({ source, kind });
    this.ports.logger.error({ alarm }, 'a source of the audit log is not in order');
  }
}
