import { equalConstantTime } from './hash';
import { emptyRoot } from './merkle';
import { verifyConsistency } from './merkle-verify';
import { type Checkpoint, type NoteVerifier, openNote, parseCheckpoint, splitNote } from './signed-note';

/** The request `add-checkpoint` of C2SP tlog-witness. */
export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
}

const mostProofLines = 63;

export const formatAddCheckpoint = ({ oldSize, proof, note }: AddCheckpoint): string =>
  [`old ${oldSize}`, ...proof.map((hash) => Buffer.from(hash).toString('base64')), '', note].join('\n');

/** @throws Error when the text is not such a request */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const cut = text.indexOf('\n\n');
  if (cut < 0) throw new Error('there is no empty line before the checkpoint');
  const [old = '', ...proof] = text.slice(0, cut).split('\n');
  const size = /^old (0|[1-9]\d{0,15})$/.exec(old)?.[1];
  if (size === undefined || !Number.isSafeInteger(Number(size)))
    throw new Error('the first line is not "old" and a size');
  if (proof.length > mostProofLines) throw new Error(`there are more than ${mostProofLines} lines of proof`);
  return { oldSize: Number(size), proof: proof.map(hashOf), note: text.slice(cut + 2) };
}

function hashOf(line: string): Uint8Array {
  const bytes = Buffer.from(line, 'base64');
  if (bytes.byteLength !== 32 || bytes.toString('base64') !== line)
    throw new Error('a line of the proof is not a hash in base64');
  return new Uint8Array(bytes);
}

/** The first line of a checkpoint, which says whose it is; nothing is verified. @throws Error when it is not a note */
export const originOf = (note: string): string => splitNote(note).text.split('\n', 1)[0]!;

/** The checkpoint that was cosigned last. */
export type Seen = Pick<Checkpoint, 'size' | 'root'>;

export type WitnessVerdict =
  | { readonly kind: 'consistent'; readonly checkpoint: Checkpoint; readonly text: string }
  /** 400: the request is none, or its old size is above that of the checkpoint */
  | { readonly kind: 'malformed'; readonly detail: string }
  /** 403 */
  | { readonly kind: 'unsigned'; readonly detail: string }
  /** 409: the old size is not that of the checkpoint that was cosigned last */
  | { readonly kind: 'conflict'; readonly size: number }
  /** 422 */
  | { readonly kind: 'inconsistent'; readonly detail: string };

/**
 * Whether a checkpoint may be cosigned, as C2SP tlog-witness says.
 * @param log key of the log, whose name is its origin
 * @param seen undefined when nothing of the log was cosigned yet
 */
export function judgeCheckpoint(
  { oldSize, proof, note }: AddCheckpoint,
  log: NoteVerifier,
  seen: Seen | undefined,
): WitnessVerdict {
  let text: string;
  let checkpoint: Checkpoint;
  try {
    text = openNote(note, log);
  } catch (error) {
    return { kind: 'unsigned', detail: (error as Error).message };
  }
  try {
    checkpoint = parseCheckpoint(text);
  } catch (error) {
    return { kind: 'malformed', detail: (error as Error).message };
  }
  if (checkpoint.origin !== log.name) return { kind: 'unsigned', detail: 'the checkpoint is of another log' };
  if (oldSize > checkpoint.size)
    return { kind: 'malformed', detail: 'the old size is above that of the checkpoint' };
  const before = seen ?? { size: 0, root: emptyRoot };
  if (oldSize !== before.size) return { kind: 'conflict', size: before.size };
  const detail = inconsistency(before, checkpoint, proof);
  return detail === undefined ? { kind: 'consistent', checkpoint, text } : { kind: 'inconsistent', detail };
}

function inconsistency(
  before: Seen,
  { size, root }: Checkpoint,
  proof: readonly Uint8Array[],
): string | undefined {
  if (size === 0 && !equalConstantTime(root, emptyRoot)) return 'an empty log has the root of the empty tree';
  if (before.size === 0)
    return proof.length === 0 ? undefined : 'from an empty log there is nothing to prove';
  return verifyConsistency(before.size, size, proof, before.root, root)
    ? undefined
    : 'the proof does not show that the log continues the checkpoint that was cosigned last';
}
