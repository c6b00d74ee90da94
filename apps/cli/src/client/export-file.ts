import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { isManifest, verifyExport, type VerifyExportOptions } from '@concordat/audit-export';
import { UserError } from '../context';
import { type Progress, visible } from '../output';

export interface ExportFile {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly file: string;
  /** Entries of the log. */
  readonly size: number;
  readonly progress: Progress;
  /** undefined: there is no key to check it with */
  readonly check: VerifyExportOptions | undefined;
}

export interface WrittenExport {
  readonly lines: number;
  /** How fast they came, and were written. */
  readonly linesPerSecond: number;
}

const newline = 0x0a;
/** A live line is written anew so often, and any other line. */
const [liveMs, quietMs] = [250, 3_500];

/**
 * Writes an export beside the file and gives it its name when it is whole, so that what broke off is never taken for an
 * export. Only its owner can read it.
 * @throws UserError when it does not prove itself
 */
export async function writeExport({
  chunks,
  file,
  size,
  progress,
  check,
}: ExportFile): Promise<WrittenExport> {
  const part = `${file}.${randomBytes(4).toString('hex')}.part`;
  const handle = await open(part, 'wx', 0o600);
  const begunMs = performance.now();
  let seconds: number;
  try {
    const share = new Share(size, progress);
    try {
      for await (const chunk of chunks) {
        await handle.writeFile(chunk);
        share.see(chunk);
      }
      await handle.sync();
      seconds = Math.max(1, performance.now() - begunMs) / 1_000;
    } finally {
      await handle.close();
      progress.end();
    }
    await requireWhole(part, check);
    await rename(part, file);
    const { lines } = share;
    progress.done(`${lines} lines, 100 % of the log`);
    return { lines, linesPerSecond: Math.round(lines / seconds) };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Without the key of the log nothing is proven but that the export says itself that it has ended. */
async function requireWhole(part: string, check: VerifyExportOptions | undefined): Promise<void> {
  if (!check) return requireEnd(part);
  const verdict = await verifyExport(createReadStream(part), check);
  if (verdict.ok) return;
  const place = verdict.line === null ? '' : ` at line ${verdict.line}`;
  throw new UserError(
    visible(`What came does not prove itself${place}: ${verdict.reason}. Nothing was kept.`),
  );
}

async function requireEnd(part: string): Promise<void> {
  let tail = Buffer.alloc(0);
  for await (const piece of createReadStream(part))
    tail = Buffer.concat([tail, piece as Buffer]).subarray(-1_048_576);
  if (isManifest(tail.toString('utf8').split('\n').at(-2) ?? '')) return;
  throw new UserError('The export broke off. Nothing was kept; try again.');
}

/** How much of the log has been written. */
class Share {
  lines = 0;
  #end = '';
  #shownAtMs = 0;

  constructor(
    private readonly size: number,
    private readonly progress: Progress,
  ) {}

  see(chunk: Uint8Array): void {
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) this.lines++;
    this.#end = (this.#end + Buffer.from(chunk).toString('latin1')).slice(-65_536);
    const nowMs = performance.now();
    if (nowMs - this.#shownAtMs < (process.stderr.isTTY ? liveMs : quietMs)) return;
    this.#shownAtMs = nowMs;
    const index = Number(
      this.#end
        .match(/"logIndex":(\d+)/g)
        ?.at(-1)
        ?.slice(11) ?? 0,
    );
    const percent = Math.min(100, Math.floor((100 * index) / this.size));
    this.progress.doing(`exporting: ${this.lines} lines, ${percent} % of the log`);
  }
}
