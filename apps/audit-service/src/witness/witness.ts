import { ConcordatError } from '@concordat/contracts';
import {
  type AddCheckpoint,
  type Checkpoint,
  cosign,
  isBy,
  judgeCheckpoint,
  type NoteSigner,
  type NoteVerifier,
  originOf,
  parseAddCheckpoint,
  sha256,
  splitNote,
  toBase64url,
  type WitnessVerdict,
} from '@concordat/crypto';
import type { Clock } from '@concordat/runtime';
import { LockMode } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { WitnessAnchors } from './witness-anchors';
import { WitnessedLog, type WitnessedLogRow } from './witness-rows';

export interface WitnessPorts {
  readonly store: AuditStore;
  readonly signer: NoteSigner;
  /** Keys of the logs that are witnessed, by origin. */
  readonly logs: ReadonlyMap<string, NoteVerifier>;
  readonly anchors: WitnessAnchors;
  readonly clock: Clock;
}

/** What became of a request. */
export interface Cosigned {
  /** Signature lines; null when the old size is not `size`. */
  readonly cosignatures: string | null;
  /** Of the checkpoint that was cosigned last. */
  readonly size: number;
}

/**
 * A witness of other logs (C2SP tlog-witness). It cosigns a checkpoint only when it continues the one that it has cosigned
 * last; that it has done so is durable before the cosignature leaves, in the database and in a file outside of it: a database
 * that was put back to an older state would let it cosign a fork.
 */
export class Witness {
  /** The last request of each log that is under way here: those that wait for their turn hold no connection. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(private readonly ports: WitnessPorts) {}

  /** @throws ConcordatError INPUT_INVALID, WITNESS_LOG_UNKNOWN, WITNESS_SIGNATURE_INVALID, WITNESS_PROOF_INVALID, WITNESS_REGRESSED */
  async add(text: string): Promise<Cosigned> {
    const request = readRequest(text);
    const log = this.ports.logs.get(readOrigin(request));
    if (!log) throw new ConcordatError('WITNESS_LOG_UNKNOWN');
    // Whoever is not the log does not get as far as the database.
    requireSigned(judgeCheckpoint(request, log, undefined));
    const turn = (this.#turns.get(log.name) ?? Promise.resolve()).then(() => this.#cosign(request, log));
    this.#turns.set(
      log.name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** @param originHash SHA-256 of the origin, in hex @throws ConcordatError NOT_FOUND */
  async latest(originHash: string): Promise<string> {
    const { store, logs } = this.ports;
    const origin = [...logs.keys()].find((name) => Buffer.from(sha256(name)).toString('hex') === originHash);
    const row = origin && (await store.read((em) => em.findOne(WitnessedLog, { origin })));
    if (!row) throw new ConcordatError('NOT_FOUND', 'No checkpoint of such a log was cosigned.');
    return row.note;
  }

  async #cosign(request: AddCheckpoint, log: NoteVerifier): Promise<Cosigned> {
    const { store, signer, anchors, clock } = this.ports;
    const origin = log.name;
    const cosigned = await store.transaction(async (em): Promise<Cosigned> => {
      // Check and record are one step, also where there is no row to lock yet.
      await queryRows(em, `SELECT pg_advisory_xact_lock(hashtextextended('witness ' || ?::text, 0))`, [
        origin,
      ]);
      const row = (await em.findOne(WitnessedLog, { origin })) ?? undefined;
      requireContinued(row, await anchors.of(origin).read());
      const verdict = judgeCheckpoint(request, log, row);
      requireSigned(verdict);
      if (verdict.kind === 'conflict') return { cosignatures: null, size: verdict.size };
      const { text, checkpoint } = verdict;
      const cosignatures = cosign(text, signer, Math.floor(clock.now().getTime() / 1_000));
      const { size, root } = checkpoint;
      const note = signedBy(log, request.note) + cosignatures;
      await queryRows(em, recordSql, [origin, size, Buffer.from(root).toString('hex'), note]);
      return { cosignatures, size };
    });
    if (cosigned.cosignatures !== null) await this.#anchor(origin);
    return cosigned;
  }

  /**
   * After the commit, so that the file is never ahead of the database; what is newest, so that it never goes back. The lock of
   * the row is enough for that, and keeps nobody waiting who gets no cosignature.
   */
  async #anchor(origin: string): Promise<void> {
    const { store, anchors } = this.ports;
    await store.transaction(async (em) => {
      const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
      const row = (await em.findOne(WitnessedLog, { origin }, lock)) ?? undefined;
      const anchor = anchors.of(origin);
      requireContinued(row, await anchor.read());
      if (row) await anchor.keep(row.note);
    });
  }
}

/** @throws ConcordatError WITNESS_REGRESSED when the row is not the checkpoint outside, nor a later one */
function requireContinued(row: WitnessedLogRow | undefined, anchored: Checkpoint | undefined): void {
  if (!anchored) return;
  const size = row?.size ?? 0;
  const isOther = size === anchored.size && toBase64url(row!.root) !== toBase64url(anchored.root);
  if (size >= anchored.size && !isOther) return;
  const detail = `It has ${size} entries of the log; a checkpoint ${isOther ? 'with another root' : `of ${anchored.size}`} was cosigned.`;
  throw new ConcordatError('WITNESS_REGRESSED', detail);
}

const recordSql = `INSERT INTO witnessed_logs (origin, size, root, note) VALUES (?, ?, decode(?, 'hex'), ?)
  ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note`;

const invalid = (error: unknown): ConcordatError =>
  new ConcordatError('INPUT_INVALID', `Not an add-checkpoint request: ${(error as Error).message}.`);

function readRequest(text: string): AddCheckpoint {
  try {
    return parseAddCheckpoint(text);
  } catch (error) {
    throw invalid(error);
  }
}

function readOrigin({ note }: AddCheckpoint): string {
  try {
    return originOf(note);
  } catch (error) {
    throw invalid(error);
  }
}

type Acceptable = Extract<WitnessVerdict, { kind: 'consistent' | 'conflict' }>;

function requireSigned(verdict: WitnessVerdict): asserts verdict is Acceptable {
  switch (verdict.kind) {
    case 'consistent':
    case 'conflict':
      return;
    case 'malformed':
      throw invalid(new Error(verdict.detail));
    case 'unsigned':
      throw new ConcordatError('WITNESS_SIGNATURE_INVALID');
    case 'inconsistent':
      throw new ConcordatError('WITNESS_PROOF_INVALID', `${verdict.detail}.`);
    default:
      verdict satisfies never;
  }
}

/** The checkpoint with the signatures of its log alone: what strangers have put beside them is not passed on. */
function signedBy(log: NoteVerifier, note: string): string {
  const { text, signatures } = splitNote(note);
  const lines = signatures.filter((signature) => isBy(signature, log)).map(({ line }) => `${line}\n`);
  return `${text}\n${lines.join('')}`;
}
