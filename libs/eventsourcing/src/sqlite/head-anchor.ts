import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { formatPosition, parsePosition } from '@concordat/contracts';
import { fromBase64url, toBase64url } from '@concordat/crypto';
import type { Head } from '../event-store';

/** Beside the store: a head that was durable in it. The store itself cannot tell that its newest part was lost. */
export const anchorFile = (file: string): string => `${file}.head`;

/** @returns undefined when there is none, or none that can be read: then the stream alone tells what is missing */
export function readAnchor(file: string): Head | undefined {
  try {
    const { at, hash } = JSON.parse(readFileSync(anchorFile(file), 'utf8')) as { at: string; hash: string };
    const position = parsePosition(at);
    const bytes = fromBase64url(hash);
    return position && bytes ? { at: position, hash: bytes } : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the anchor; a crash leaves the old one or the new one. */
export async function writeAnchor(file: string, { at, hash }: Head): Promise<void> {
  const name = anchorFile(file);
  const handle = await open(`${name}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify({ at: formatPosition(at), hash: toBase64url(hash) })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${name}.new`, name);
}

const periodMs = 1_000;

/** Keeps the anchor of a store about a second behind it, off the way of the commands. */
export class HeadAnchorKeeper {
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: string,
    /** Of what is durable. */
    private readonly head: () => Head,
  ) {}

  /** The head has moved. Returns at once. */
  moved(): void {
    this.#timer ??= setTimeout(() => this.#write(), periodMs).unref();
  }

  /** Leaves the anchor at the head. */
  async close(): Promise<void> {
    if (this.#timer) this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // A full disk leaves an older anchor, which is true as well.
    this.#writing = this.#writing.then(() => writeAnchor(this.file, this.head())).catch(() => undefined);
  }
}
