import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Checkpoint, parseCheckpoint } from '@concordat/crypto';

/**
 * The last checkpoint of a log that may have been handed out, in a file outside of the database. A database that was put back
 * to an older state would otherwise grow a second history under the same sizes, signed by the same key; as a witness we would
 * cosign one.
 */
export class CheckpointAnchor {
  /** @param openNote gives the text of a note that we have signed @throws Error for any other note */
  constructor(
    private readonly file: string,
    private readonly openNote: (note: string) => string,
  ) {}

  /** @returns undefined when there was none yet @throws Error when the file is not a checkpoint that we have signed */
  async read(): Promise<Checkpoint | undefined> {
    try {
      return parseCheckpoint(this.openNote(await readFile(this.file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Durable when it resolves, whole or not at all. */
  async keep(note: string): Promise<void> {
    const draft = `${this.file}.${randomBytes(6).toString('hex')}.tmp`;
    const handle = await open(draft, 'wx', 0o644);
    try {
      await handle.writeFile(note);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.file);
    await syncFolder(dirname(this.file));
  }
}

/** A rename is durable when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
