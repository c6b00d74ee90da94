import { formatCheckpoint, signNote, TileTree } from '@concordat/crypto';
import type { Logger } from '@concordat/runtime';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { CheckpointAnchor } from './checkpoint-anchor';
import type { Covered, Cursors, SignedCheckpoint } from './covered';
import type { LogIdentity } from './log-identity';
import { LogCheckpoint } from './log-rows';

/** The log as the last transaction left it. */
export interface Committed {
  readonly tree: TileTree;
  readonly cursors: Cursors;
}

/** From the first new leaf to its signature: 250 ms are promised, the rest is for storing the checkpoint. */
const delayMs = 100;

export interface CheckpointPorts {
  readonly store: AuditStore;
  readonly identity: LogIdentity;
  readonly anchor: CheckpointAnchor;
  readonly covered: Covered;
  readonly logger: Logger;
}

/**
 * Signs the log as it grows: a moment after the first new leaf, so that a burst shares one signature; nothing when
 * nothing is new. A checkpoint is stored and anchored before anybody sees it.
 */
export class CheckpointJob implements BeforeApplicationShutdown {
  #pending: Committed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #signing: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(private readonly ports: CheckpointPorts) {}

  /** Goes on from the last stored checkpoint, or from the empty log. @throws SERVICE_UNAVAILABLE */
  async start(committed: Committed): Promise<void> {
    const { store, anchor, covered } = this.ports;
    const latest = await store.read((em) =>
      em.findOne(LogCheckpoint, { size: { $gt: 0 } }, { orderBy: { size: 'desc' } }),
    );
    if (latest) await anchor.keep(latest.note);
    covered.advance(latest ?? this.#signed(TileTree.empty), new Map());
    this.committed(committed);
  }

  /** The log was committed like this; it will be covered soon. */
  committed(committed: Committed): void {
    this.#pending = committed;
    if (this.#timer || this.#isStopped) return;
    // Positions move without a leaf when a source held nothing that belongs into the log.
    const isCovered = committed.tree.size === this.ports.covered.size;
    this.#timer = setTimeout(() => this.#queue(), isCovered ? 0 : delayMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#signing;
  }

  #queue(): void {
    this.#timer = undefined;
    // One after the other: what is covered never goes back.
    this.#signing = this.#signing
      .then(() => this.#cover(this.#pending!))
      .catch((error: unknown) => {
        this.ports.logger.warn({ error }, 'the checkpoint could not be stored');
        this.committed(this.#pending!);
      });
  }

  async #cover({ tree, cursors }: Committed): Promise<void> {
    const { store, anchor, covered } = this.ports;
    if (tree.size === covered.size) return covered.advance(covered.checkpoint, cursors);
    const checkpoint = this.#signed(tree);
    await store.transaction((em) => insertCheckpoint(em, checkpoint));
    await anchor.keep(checkpoint.note);
    covered.advance(checkpoint, cursors);
  }

  #signed(tree: TileTree): SignedCheckpoint {
    const { origin, signer } = this.ports.identity;
    const { size } = tree;
    return { size, note: signNote(formatCheckpoint({ origin, size, root: tree.root() }), signer) };
  }
}

/** Puts a checkpoint behind the last one; nothing when another process has put this one, or a later one, there. */
async function insertCheckpoint(em: EntityManager, { size, note }: SignedCheckpoint): Promise<void> {
  // One after the other: each names the one before it.
  await queryRows(em, `SELECT pg_advisory_xact_lock(hashtextextended('concordat log_checkpoints', 0))`);
  await queryRows(
    em,
    `INSERT INTO log_checkpoints (size, note, previous)
     SELECT ?, ?, coalesce(max(size), 0) FROM log_checkpoints HAVING coalesce(max(size), 0) < ?`,
    [size, note, size],
  );
}
