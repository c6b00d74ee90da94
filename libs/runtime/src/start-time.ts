import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * When this process started, in milliseconds since 1970, and always later than the one before it in the same folder: by
 * this, others tell what a dead process has said from what a living one says, also when the clock was set back.
 */
export function nextStartMs(dataDir: string, nowMs: number): number {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'started');
  const startMs = Math.max(nowMs, (readNumber(file) ?? 0) + 1);
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeSync(handle, `${startMs}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
  return startMs;
}

/** undefined when there is none, or none that can be read: a start must not fail for it */
function readNumber(file: string): number | undefined {
  try {
    const number = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(number) ? number : undefined;
  } catch {
    return undefined;
  }
}
