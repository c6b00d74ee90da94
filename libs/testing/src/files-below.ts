import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface FileBelow {
  /** From the folder on. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file below a folder, with what it holds. Of a folder that is in use some go meanwhile: those are left out. */
export function filesBelow(folder: string, isWanted: (file: string) => boolean = () => true): FileBelow[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isWanted)
    .flatMap((file) => {
      const bytes = contentOf(file);
      return bytes ? [{ name: relative(folder, file), bytes }] : [];
    });
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
