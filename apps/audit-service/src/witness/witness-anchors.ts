import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCosignature, type NoteVerifier, sha256, splitNote } from '@concordat/crypto';
import { CheckpointAnchor } from '../log/checkpoint-anchor';

/** The last checkpoint of every witnessed log whose cosignature may have left, each in a file outside of the database. */
export class WitnessAnchors {
  readonly #folder: string;

  /** @param witness ourselves */
  constructor(
    dataDir: string,
    private readonly witness: NoteVerifier,
  ) {
    this.#folder = join(dataDir, 'witnessed');
    mkdirSync(this.#folder, { recursive: true });
  }

  /** @param origin of the log */
  of(origin: string): CheckpointAnchor {
    const name = Buffer.from(sha256(origin)).toString('hex');
    return new CheckpointAnchor(join(this.#folder, name), (note) => this.#open(note));
  }

  #open(note: string): string {
    if (!findCosignature(note, this.witness))
      throw new Error(`the note has no cosignature of ${this.witness.name}`);
    return splitNote(note).text;
  }
}
