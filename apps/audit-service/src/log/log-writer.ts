import { ConcordatError } from '@concordat/contracts';
import {
  type Checkpoint,
  edgeOf,
  joinHashes,
  nodesOf,
  rootHash,
  type Tile,
  tilesFor,
  TileTree,
  toBase64url,
} from '@concordat/crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { insertRows, queryRows, rowsWhere, type Table } from '../store/bulk';
import type { CheckpointAnchor } from './checkpoint-anchor';
import type { LogIdentity } from './log-identity';
import { readTiles } from './log-reader';
import { logId, LogState, type LogStateRow } from './log-rows';

/** A leaf and the event it stands for. */
export interface NewLeaf {
  readonly eventId: string;
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** Somebody else wrote to the log since it was read: read it again. */
export class LogMovedError extends Error {
  override readonly name = 'LogMovedError';
}

interface EntryValues {
  readonly index: number;
  readonly entry: NewLeaf;
}

const entryTable: Table<EntryValues> = {
  name: 'log_entries',
  columns: [
    { name: 'leaf_index', type: 'int8', of: ({ index }) => index },
    { name: 'event_id', type: 'text', of: ({ entry }) => entry.eventId },
    { name: 'leaf', type: 'bytea', of: ({ entry }) => entry.leaf },
  ],
};

const tileTable: Table<Tile> = {
  name: 'log_tiles',
  columns: [
    { name: 'level', type: 'int2', of: ({ level }) => level },
    { name: 'index', type: 'int8', of: ({ index }) => index },
    { name: 'hashes', type: 'bytea', of: ({ hashes }) => joinHashes(hashes) },
  ],
  onConflict: 'ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes',
};

/** Holds the log for this transaction. @returns undefined when there is none yet */
export async function lockLog(em: EntityManager): Promise<LogStateRow | undefined> {
  const sql = `SELECT id, vkey, size::float8, root, logged_at AS "loggedAt", retention_version::float8 AS "retentionVersion"
    FROM log_state WHERE id = ? FOR UPDATE`;
  const [row] = await queryRows<LogStateRow>(em, sql, [logId]);
  return row && { ...row, loggedAt: new Date(row.loggedAt) };
}

/** A log without entries. */
const beginning = { loggedAt: new Date(0), retentionVersion: 0 };

/** Writes the Merkle log. Every method belongs into a transaction, which `lock` begins. */
export class LogWriter {
  constructor(
    private readonly identity: LogIdentity,
    private readonly anchor: CheckpointAnchor,
  ) {}

  /**
   * The tree as it was committed, read from its right edge; a new log is begun.
   * @throws ConcordatError STORE_REGRESSED when the database does not continue what was signed
   */
  async restore(em: EntityManager): Promise<TileTree> {
    const state = await em.findOne(LogState, { id: logId });
    if (!state)
      await em.insert(LogState, {
        ...{ id: logId, vkey: this.identity.vkey, ...beginning },
        ...stateOf(TileTree.empty),
      });
    else if (state.vkey !== this.identity.vkey)
      throw new ConcordatError('STORE_REGRESSED', `The database holds the log of ${state.vkey}.`);
    const size = state?.size ?? 0;
    const tree = TileTree.restore(size, await readTiles(em, edgeOf(size)));
    if (state && toBase64url(tree.root()) !== toBase64url(state.root))
      throw new ConcordatError('STORE_REGRESSED', `The tiles of the log do not have its root at ${size}.`);
    const signed = await this.anchor.read();
    if (signed) await requireContinues(em, size, signed);
    return tree;
  }

  /** Holds the log for this transaction. @throws LogMovedError when it is not where `tree` is */
  async lock(em: EntityManager, tree: TileTree): Promise<LogStateRow> {
    const state = await lockLog(em);
    if (state?.size !== tree.size || toBase64url(state.root) !== toBase64url(tree.root()))
      throw new LogMovedError(`the log is at ${state?.size}, not at ${tree.size}`);
    return state;
  }

  /** Those of the events that are in the log already. */
  async known(em: EntityManager, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await rowsWhere<{ event_id: string }>(
      em,
      'SELECT event_id FROM log_entries WHERE event_id = ANY(?::text[])',
      eventIds,
    );
    return new Set(rows.map(({ event_id }) => event_id));
  }

  /** Appends leaves and everything that follows from them. @returns the tree to go on with after the commit */
  async append(
    em: EntityManager,
    before: TileTree,
    leaves: readonly NewLeaf[],
    loggedAt: Date,
  ): Promise<TileTree> {
    const { tree, tiles } = before.append(leaves.map(({ leafHash }) => leafHash));
    await insertRows(
      em,
      entryTable,
      leaves.map((entry, i) => ({ index: before.size + i, entry })),
    );
    await insertRows(em, tileTable, tiles);
    const moved = 'UPDATE log_state SET size = ?, root = ?, logged_at = ? WHERE id = ?';
    await queryRows(em, moved, [tree.size, tree.root(), loggedAt, logId]);
    return tree;
  }
}

const stateOf = (tree: TileTree): { size: number; root: Uint8Array } => ({
  size: tree.size,
  root: tree.root(),
});

async function requireContinues(em: EntityManager, size: number, signed: Checkpoint): Promise<void> {
  if (signed.size > size) {
    const detail = `The log ends at ${size}, but ${signed.size} entries were signed.`;
    throw new ConcordatError('STORE_REGRESSED', detail);
  }
  const tiles = await readTiles(
    em,
    tilesFor((nodes) => rootHash(nodes, signed.size)),
  );
  if (toBase64url(rootHash(nodesOf(tiles), signed.size)) !== toBase64url(signed.root))
    throw new ConcordatError(
      'STORE_REGRESSED',
      `The first ${signed.size} entries are not those that were signed.`,
    );
}
