import {
  entriesPath,
  hashesAtLevel,
  type LogFiles,
  parseCheckpoint,
  tilePath,
  tileWidth,
} from '@concordat/crypto';
import { UserError } from '../context';
import { type LogFolder } from './log-folder';

/** Files under way at the same time. */
const atOnce = 8;

export interface Downloaded {
  readonly origin: string;
  /** Entries of the log. */
  readonly size: number;
  /** Files that were fetched; the others were there. */
  readonly fetched: number;
}

/**
 * Fetches what is missing of a log. The checkpoint is written last: where there is one, the log is whole, and a download
 * that was broken off goes on where it was.
 * @throws UserError when nothing is served there, or the log ends before what the folder holds
 */
export async function downloadLog(
  log: LogFiles,
  folder: LogFolder,
  onProgress: (done: number, files: number) => void,
): Promise<Downloaded> {
  const note = await log.read('checkpoint');
  if (!note) throw new UserError('No log is served there: it has no checkpoint.');
  const { origin, size } = readUnsigned(note);
  await requireForward(folder, size);
  const paths = [...filesOf(size)];
  let [done, fetched] = [0, 0];
  const work = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      if (!(await folder.has(path))) {
        await folder.write(path, await requireFile(log, path));
        await folder.dropNarrower(path);
        fetched++;
      }
      onProgress(++done, done + paths.length);
    }
  };
  paths.reverse();
  await Promise.all(Array.from({ length: atOnce }, work));
  await folder.write('checkpoint', note);
  const vkey = await log.read('vkey');
  if (vkey) await folder.write('vkey', vkey);
  return { origin, size, fetched };
}

/** Every file of a log of so many entries, but its checkpoint. */
function* filesOf(size: number): Generator<string> {
  for (let index = 0; index * tileWidth < size; index++)
    yield entriesPath(index, Math.min(tileWidth, size - index * tileWidth));
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    const hashes = hashesAtLevel(size, level);
    for (let index = 0; index * tileWidth < hashes; index++)
      yield tilePath({ level, index, width: Math.min(tileWidth, hashes - index * tileWidth) });
  }
}

/** What a checkpoint says, whoever signed it: `audit verify` asks that. */
function readUnsigned(note: Uint8Array): { origin: string; size: number } {
  const text = Buffer.from(note).toString('utf8');
  try {
    return parseCheckpoint(text.slice(0, text.lastIndexOf('\n\n') + 1));
  } catch {
    throw new UserError('What was served as the checkpoint of the log is none.');
  }
}

async function requireForward(folder: LogFolder, size: number): Promise<void> {
  const note = await folder.read('checkpoint');
  if (!note) return;
  const before = readUnsigned(note).size;
  if (before > size)
    throw new UserError(
      `${folder.directory} holds ${before} entries, and the log has ${size} now: it was rolled back. Keep the folder as evidence, and download into another one.`,
    );
}

async function requireFile(log: LogFiles, path: string): Promise<Uint8Array> {
  const bytes = await log.read(path);
  if (!bytes) throw new UserError(`The log does not serve ${path}, which its checkpoint covers.`);
  return bytes;
}
