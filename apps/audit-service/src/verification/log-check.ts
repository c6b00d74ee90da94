import {
  type Checkpoint,
  emptyRoot,
  LogWalk,
  openNote,
  parseCheckpoint,
  toBase64url,
  type TileTree,
} from '@concordat/crypto';
import { comparePositions, type Position } from '@concordat/contracts';
import type { LogIdentity } from '../log/log-identity';
import { LogCheckpoint, type LogCheckpointRow } from '../log/log-rows';
import type { AuditStore } from '../store/audit-store';
import type { Faults } from './fault';
import { type Snapshot, tableOf } from './snapshot';
import { idOf, StoredLog } from './stored-log';

export interface LogCheckPorts {
  readonly store: AuditStore;
  readonly identity: LogIdentity;
  /** The checkpoint that is kept outside of the database, as it was before the snapshot. */
  readonly anchored: Checkpoint | undefined;
  readonly faults: Faults;
  readonly onProgress: (entries: number) => void;
}

/** Last entry of each source that is in the log. */
export type LastPositions = ReadonlyMap<string, Position>;

const rowsAtOnce = 500;

/** Entries, tiles, state and checkpoints of the log against each other, and against the checkpoint outside. */
export class LogCheck {
  readonly #last = new Map<string, Position>();
  /** Size of the checkpoint before. */
  #previous = 0;
  #isAnchorMet = false;

  constructor(
    private readonly ports: LogCheckPorts,
    private readonly snapshot: Snapshot,
  ) {}

  async run(): Promise<LastPositions> {
    const { store, faults, anchored, onProgress } = this.ports;
    const { size, root } = this.snapshot;
    if (anchored && anchored.size > size) {
      const detail = `the log ends at ${size}, but ${anchored.size} entries were signed`;
      faults.add({ table: 'log_state', logIndex: size, detail });
    }
    await this.#checkEmpty();
    const walk = new LogWalk({
      files: new StoredLog(store, faults),
      checkpoint: { origin: '', size, root },
      older: undefined,
      onEntry: (_index, leaf) => this.#note(leaf),
      onProgress,
      onGrowth: (before, hashes, after) => this.#onGrowth(before, hashes, after),
      ahead: 2,
    });
    for (const fault of (await walk.run()).faults) {
      const { index: logIndex, eventId, detail } = fault;
      faults.add({ table: tableOf(fault), logIndex, eventId, detail });
    }
    await this.#checkTail();
    return this.#last;
  }

  #note(leaf: Uint8Array): void {
    const [, source, epoch, position] = /^(.+):(\d+):(\d+)$/.exec(idOf(leaf) ?? '') ?? [];
    if (source === undefined) return;
    const at = { epoch: Number(epoch), position: Number(position) };
    const before = this.#last.get(source);
    if (!before || comparePositions(before, at) < 0) this.#last.set(source, at);
  }

  async #onGrowth(before: TileTree, hashes: readonly Uint8Array[], after: TileTree): Promise<void> {
    const rootAt = (size: number): Uint8Array =>
      size === after.size ? after.root() : before.append(hashes.slice(0, size - before.size)).tree.root();
    const { anchored } = this.ports;
    if (anchored && anchored.size > before.size && anchored.size <= after.size) {
      if (toBase64url(rootAt(anchored.size)) !== toBase64url(anchored.root)) this.#fork(anchored.size);
    }
    const range = { $gt: before.size, $lte: after.size };
    for (const row of await this.#checkpoints(range)) this.#checkRow(row, rootAt(row.size));
  }

  #fork(size: number): void {
    const detail = `the first ${size} entries are not those of the checkpoint that was anchored outside`;
    this.ports.faults.add({ table: 'log_entries', detail });
  }

  #checkpoints(size: object): Promise<LogCheckpointRow[]> {
    const { store } = this.ports;
    return store.read((em) =>
      em.find(LogCheckpoint, { size }, { orderBy: { size: 'asc' }, limit: rowsAtOnce }),
    );
  }

  #checkRow({ size, note, previous }: LogCheckpointRow, root: Uint8Array): void {
    const { identity, anchored, faults } = this.ports;
    const at = { table: 'log_checkpoints', row: String(size) };
    if (size === anchored?.size) this.#isAnchorMet = true;
    try {
      const checkpoint = parseCheckpoint(openNote(note, identity.signer));
      if (checkpoint.size !== size || checkpoint.origin !== identity.origin)
        faults.add({ ...at, detail: 'the checkpoint is one of another size or log' });
      else if (toBase64url(checkpoint.root) !== toBase64url(root))
        faults.add({ ...at, detail: 'the entries do not have the root that was signed' });
    } catch (error) {
      faults.add({ ...at, detail: (error as Error).message });
    }
    if (previous !== this.#previous)
      faults.add({ ...at, detail: `a checkpoint between ${this.#previous} and this one is missing` });
    this.#previous = size;
  }

  async #checkEmpty(): Promise<void> {
    for (const row of await this.#checkpoints({ $lte: 0 })) this.#checkRow(row, emptyRoot);
  }

  /** What was deleted at the end is named by the checkpoint outside. */
  async #checkTail(): Promise<void> {
    const { anchored, faults } = this.ports;
    const { size } = this.snapshot;
    if (anchored && anchored.size > 0 && anchored.size <= size && !this.#isAnchorMet)
      faults.add({
        table: 'log_checkpoints',
        row: String(anchored.size),
        detail: 'the checkpoint is missing',
      });
  }
}
