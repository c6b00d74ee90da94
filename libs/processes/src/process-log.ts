import { closeSync, constants, fchmodSync, openSync, readSync, statSync } from 'node:fs';
import { copyFile, stat, truncate } from 'node:fs/promises';

/**
 * What a child process prints. The child writes to the file itself, not through a pipe: a supervisor that is frozen,
 * slow or dead must neither block nor break the services. Rotation therefore copies and truncates; a line written
 * between the two steps is lost, which a log may.
 */
export class ProcessLog {
  constructor(
    readonly file: string,
    /** the file and its one predecessor (`<file>.1`) may each have about this many bytes */
    readonly maxBytes = 10 * 1024 * 1024,
  ) {}

  /** A descriptor that appends, for the child's stdout and stderr. The caller closes it. */
  open(): number {
    const descriptor = openSync(
      this.file,
      constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
      0o600,
    );
    // The mode above counts for new files only, and a log from elsewhere may be readable by everyone.
    fchmodSync(descriptor, 0o600);
    return descriptor;
  }

  size(): number {
    return statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Moves a file that is full to `<file>.1`. @returns whether it did */
  async rotateIfFull(): Promise<boolean> {
    const found = await stat(this.file).catch(() => undefined);
    if (found === undefined || found.size < this.maxBytes) return false;
    await copyFile(this.file, `${this.file}.1`, constants.COPYFILE_FICLONE);
    await truncate(this.file);
    return true;
  }

  /** The last lines, at most 16 KiB of them. @param fromByte leaves out what was there before */
  tail(lines = 20, fromByte = 0): string[] {
    return tailOfFile(this.file, lines, fromByte);
  }
}

const TAIL_BYTES = 16 * 1024;

/** The last lines of a file; none when it cannot be read. */
export function tailOfFile(file: string, lines: number, fromByte = 0): string[] {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = statSync(file);
      // A size below the mark means that the log was rotated since.
      const start = Math.max(fromByte <= size ? fromByte : 0, size - TAIL_BYTES);
      const buffer = Buffer.alloc(size - start);
      const bytes = readSync(descriptor, buffer, 0, buffer.length, start);
      const text = buffer.toString('utf8', 0, bytes).trimEnd();
      const found = text === '' ? [] : text.split('\n');
      // The first of them was cut in two.
      if (start > fromByte && found.length > 1) found.shift();
      return found.slice(-lines);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return [];
  }
}
