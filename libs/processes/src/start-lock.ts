import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writePrivateFile } from './private-files';
import { birthMark, isSameProcess } from './process-identity';

/** Held while a process lives, or until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/** Who has a lock, by pid and birth mark. */
export interface Holder {
  readonly pid: number;
  readonly mark: string;
}

/** So often may others be quicker in a row before one gives up. */
const ATTEMPTS = 100;

/**
 * Takes a lock, or tells who has it. The lock of a dead process (kill -9, power cut) counts for nothing.
 *
 * A lock is a row of files `<file>.1`, `<file>.2` …: the highest number tells the holder. Who finds its holder dead
 * makes the next number, which only one can (a hard link appears with its content and only if the name is free); who
 * then sees a higher one came late and withdraws. The highest file is never removed, so no number is used twice. A
 * single file that is removed when its holder is dead would let two processes remove each other's.
 * @returns the lock, or the living holder
 */
export async function takeLock(file: string): Promise<Lock | Holder> {
  const mine: Holder = { pid: process.pid, mark: birthMark(process.pid) ?? '' };
  const draft = `${file}.draft-${process.pid}-${randomBytes(4).toString('hex')}`;
  await writePrivateFile(draft, JSON.stringify(mine));
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const last = Math.max(0, ...(await numbers(file)));
      const holder = await livingHolder(`${file}.${last}`);
      if (holder !== undefined) return holder;
      const own = last + 1;
      if (!(await linked(draft, `${file}.${own}`))) continue;
      const all = await numbers(file);
      if (all.some((number) => number > own)) {
        await rm(`${file}.${own}`, { force: true });
        continue;
      }
      await Promise.all(
        all.filter((number) => number < own).map((number) => rm(`${file}.${number}`, { force: true })),
      );
      return { release: () => writePrivateFile(`${file}.${own}`, '{}') };
    }
    throw new Error(`${file} keeps changing hands; try again.`);
  } finally {
    await rm(draft, { force: true });
  }
}

export const isLock = (taken: Lock | Holder): taken is Lock => 'release' in taken;

/** The living process that holds the lock. */
export async function lockHolder(file: string): Promise<Holder | undefined> {
  return livingHolder(`${file}.${Math.max(0, ...(await numbers(file)))}`);
}

async function livingHolder(file: string): Promise<Holder | undefined> {
  try {
    const { pid, mark } = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>;
    return pid !== undefined && mark !== undefined && isSameProcess(pid, mark) ? { pid, mark } : undefined;
  } catch {
    return undefined;
  }
}

async function numbers(file: string): Promise<number[]> {
  const prefix = `${basename(file)}.`;
  const names = await readdir(join(dirname(file))).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
