import type { ExportFormat } from '@concordat/contracts';
import {
  type Checkpoint,
  equalConstantTime,
  fromBase64url,
  type NoteVerifier,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  verifyConsistency,
} from '@concordat/crypto';
import { chainedLine, chainStart } from './chain';
import type { Format } from './format';
import { formatOf, formats } from './formats';
import { linesOf } from './lines';
import { type ExportManifest, openManifest } from './manifest';
import { ProvenLog } from './proven-log';
import type { SignedManifest } from './record';

export interface VerifyExportOptions {
  /** C2SP verifier key of the log, from a place that the log cannot change. */
  readonly vkey: string;
  /** An older checkpoint of the log (signed note), which the log of the export must continue. */
  readonly checkpoint?: string | undefined;
}

export type ExportVerdict =
  | {
      readonly ok: true;
      readonly manifest: ExportManifest;
      readonly checkpoint: Checkpoint;
      /** Lines, the manifest included. */
      readonly lines: number;
      /** Events that nobody can read any more. */
      readonly closed: number;
    }
  /** `line` is the first that is wrong, counted from 1; null when it is not one line. */
  | { readonly ok: false; readonly line: number | null; readonly reason: string };

/**
 * Checks an export, offline and as it is read: every line is what its format makes of what it says, and follows the one
 * before; every event is in the log at its place; nothing is missing between the first line and the signed manifest.
 * @param chunks the file, in pieces of any size; never throws for bad input
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  options: VerifyExportOptions,
): Promise<ExportVerdict> {
  let line: number | null = 0;
  try {
    const verifier = parseVerifierKey(options.vkey);
    const older = options.checkpoint === undefined ? undefined : openCheckpoint(options.checkpoint, verifier);
    const reader = new ExportReader(verifier, older);
    const read = linesOf(chunks);
    for (;;) {
      line++;
      const { done, value } = await read.next();
      if (done === true) break;
      reader.take(value);
    }
    const { manifest, checkpoint, closed } = reader.end();
    return { ok: true, manifest, checkpoint, lines: line - 1, closed };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, line: line === 0 ? null : line, reason };
  }
}

/** @throws Error when it is no checkpoint of the log */
function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifier));
  if (checkpoint.origin !== verifier.name) throw new Error('the checkpoint is of another log');
  return checkpoint;
}

/** What has been read so far, in constant memory. */
class ExportReader {
  readonly #log = new ProvenLog();
  #name: ExportFormat | undefined;
  #chain = chainStart;
  #count = 0;
  #messages = 0;
  #closed = 0;
  #first: number | null = null;
  #last: number | null = null;
  #end: { manifest: ExportManifest; checkpoint: Checkpoint } | undefined;

  constructor(
    private readonly verifier: NoteVerifier,
    private readonly older: Checkpoint | undefined,
  ) {}

  take(bytes: Buffer): void {
    if (this.#end) throw new Error('nothing follows a manifest');
    const text = bytes.toString('utf8');
    this.#name ??= formatOf(text);
    const format = formats[this.#name];
    const read = readLine(format, text);
    if ('manifest' in read) return this.#finish(format, bytes, read.manifest);
    const { line, chain } = chainedLine(format, read.record, this.#chain);
    if (read.chain !== chain) throw new Error('the line does not follow the one before, or was changed');
    requireSame(line, bytes);
    this.#chain = chain;
    if (read.record.kind === 'message') return void this.#messages++;
    // Of a subject first the events come, then the messages.
    if (this.#messages > 0) throw new Error('an event stands behind a message');
    this.#log.append(read.record);
    this.#count++;
    if (read.record.kind === 'closed') this.#closed++;
    this.#first ??= read.record.logIndex;
    this.#last = read.record.logIndex;
  }

  /** @throws Error when there is no manifest */
  end(): { manifest: ExportManifest; checkpoint: Checkpoint; closed: number } {
    if (!this.#end) throw new Error('the export ends without its manifest: it is cut off');
    return { ...this.#end, closed: this.#closed };
  }

  #finish(format: Format, bytes: Buffer, signed: SignedManifest): void {
    requireSame(format.renderManifest(signed), bytes);
    const manifest = openManifest(signed, this.verifier);
    const said = { format: this.#name, count: this.#count, messages: this.#messages, digest: this.#chain };
    for (const [name, value] of Object.entries({ ...said, first: this.#first, last: this.#last }))
      if (manifest[name as keyof ExportManifest] !== value)
        throw new Error(`the manifest says another ${name} than the lines before it`);
    const checkpoint = openCheckpoint(manifest.checkpoint, this.verifier);
    this.#log.fill(manifest.gap, checkpoint.size);
    if (!equalConstantTime(this.#log.root(), checkpoint.root))
      throw new Error('the events are not those of the log: its root is another');
    if (this.older) requireContinues(manifest, checkpoint, this.older);
    this.#end = { manifest, checkpoint };
  }
}

function readLine(format: Format, text: string): ReturnType<Format['read']> {
  try {
    return format.read(text);
  } catch {
    throw new Error('the line is not one of an export');
  }
}

/** A second spelling of the same line would be a second truth. */
function requireSame(line: string, bytes: Buffer): void {
  if (!Buffer.from(line, 'utf8').equals(bytes)) throw new Error('the line is not what the event in it makes');
}

/** @throws Error when the log of the export does not continue the older one, or the export does not say that it does */
function requireContinues(
  { consistency }: ExportManifest,
  checkpoint: Checkpoint,
  { size, root }: Checkpoint,
): void {
  if (size > checkpoint.size)
    throw new Error(`the checkpoint is of a larger log (${size}) than the export (${checkpoint.size})`);
  const from = size === checkpoint.size ? { from: size, proof: [] } : consistency;
  if (from?.from !== size)
    throw new Error(
      `the export says nothing of the log at the size ${size} of the checkpoint: export anew with since=${size}`,
    );
  const proof = from.proof.map((hash) => fromBase64url(hash) ?? new Uint8Array());
  if (!verifyConsistency(size, checkpoint.size, proof, root, checkpoint.root))
    throw new Error('the log of the export does not continue the one of the checkpoint');
}
