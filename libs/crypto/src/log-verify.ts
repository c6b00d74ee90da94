import { LogWalk, type LogWalkResult } from './log-walk';
import { type Checkpoint, openNote, parseCheckpoint, parseVerifierKey } from './signed-note';

/** A log as C2SP tlog-tiles lays it out: a folder, a server, or memory. */
export interface LogFiles {
  /** @param path below the prefix of the log, as `checkpoint` or `tile/0/x001/002.p/3` @returns undefined when there is no such file */
  read(path: string): Promise<Uint8Array | undefined>;
}

/**
 * What is wrong with a log: its checkpoint is not signed (`signature`), it does not continue what was signed before
 * (`history`), an entry is not the one that was logged (`entry`), a tile is damaged though the entries are not (`tile`),
 * entries and tiles agree on another log than the one that was signed (`root`).
 */
export interface LogFault {
  readonly kind: 'signature' | 'history' | 'entry' | 'tile' | 'root';
  /** The first entry that it is about; null when it cannot be told. */
  readonly index: number | null;
  /** As the entry says; null when it cannot be told. */
  readonly eventId: string | null;
  readonly detail: string;
}

export interface LogVerdict {
  readonly ok: boolean;
  /** null when there is none that the key has signed */
  readonly checkpoint: Checkpoint | null;
  /** How many entries were read. */
  readonly entries: number;
  /** The first bad entry first; at most some dozens. */
  readonly faults: readonly LogFault[];
}

export interface LogVerification {
  /** C2SP signed-note verifier key, from a source that the log cannot change */
  readonly vkey: string;
  /** An older checkpoint of the log (signed note), which it must continue. */
  readonly older?: string | undefined;
  /** Called with every entry, before it is known whether the log is whole. */
  readonly onEntry?: ((index: number, leaf: Uint8Array) => void) | undefined;
  /** @param entries read so far */
  readonly onProgress?: ((entries: number, size: number) => void) | undefined;
}

/**
 * Verifies a whole log: every entry hashes to its tile, every tile to the one above, all of them to the root that the key
 * has signed, and the log continues an older checkpoint. Memory is constant.
 * @throws whatever `files` throws; never for what is in them
 */
export async function verifyLog(files: LogFiles, options: LogVerification): Promise<LogVerdict> {
  let checkpoint: Checkpoint | null = null;
  try {
    const note = await files.read('checkpoint');
    if (!note) throw new Error('there is no checkpoint');
    checkpoint = openLogCheckpoint(Buffer.from(note).toString('utf8'), options.vkey);
  } catch (error) {
    return { ok: false, checkpoint, entries: 0, faults: [faultOf('signature', error)] };
  }
  return { checkpoint, ...(await walkFrom(files, checkpoint, options)) };
}

async function walkFrom(
  files: LogFiles,
  checkpoint: Checkpoint,
  { vkey, older: olderNote, onEntry, onProgress }: LogVerification,
): Promise<LogWalkResult> {
  let older: Checkpoint | undefined;
  try {
    older = olderNote === undefined ? undefined : openLogCheckpoint(olderNote, vkey);
  } catch (error) {
    return { ok: false, entries: 0, faults: [faultOf('signature', error, 'the older checkpoint: ')] };
  }
  const { size } = checkpoint;
  if (older && older.size > size) {
    const detail = `the log ends at ${size}, but ${older.size} entries were signed: it was rolled back`;
    return { ok: false, entries: 0, faults: [{ kind: 'history', index: size, eventId: null, detail }] };
  }
  return new LogWalk({ files, checkpoint, older, onEntry, onProgress }).run();
}

/**
 * A checkpoint that the key has signed for its own log: a key signs for one log, and one of another log under the same key
 * proves nothing about this one.
 * @throws Error when it is not
 */
export function openLogCheckpoint(note: string, vkey: string): Checkpoint {
  const verifier = parseVerifierKey(vkey);
  const checkpoint = parseCheckpoint(openNote(note, verifier));
  if (checkpoint.origin !== verifier.name) throw new Error('the checkpoint is of another log');
  return checkpoint;
}

const faultOf = (kind: LogFault['kind'], error: unknown, before = ''): LogFault => ({
  kind,
  index: null,
  eventId: null,
  detail: before + (error instanceof Error ? error.message : String(error)),
});
