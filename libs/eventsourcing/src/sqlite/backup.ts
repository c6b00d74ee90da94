import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatPosition, parsePosition } from '@concordat/contracts';
import { fromBase64url, toBase64url } from '@concordat/crypto';
import { type Connection, openDatabase } from '@concordat/sqlite';
import { z } from 'zod';
import type { Head } from '../event-store';
import { EventReader } from './event-reader';
import { copyCommands, HistoryWriter } from './history-writer';
import { prepareFile } from './prepare-file';

const manifestSchema = z.strictObject({
  format: z.literal('concordat-backup/v1'),
  source: z.string(),
  /** Epoch of the store: a restore begins a later one. */
  epoch: z.number().int().nonnegative(),
  /** Last event, <epoch>-<position>, and the chain hash there (base64url). */
  head: z.string().refine((text) => parsePosition(text) !== undefined),
  hash: z.string().refine((text) => fromBase64url(text)?.byteLength === 32),
  events: z.number().int().nonnegative(),
  bytes: z.number().int().positive(),
  /** Of the file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

export interface BackupOptions {
  /** Of the store; it may be in use. */
  readonly file: string;
  readonly source: string;
  readonly directory: string;
  readonly now: Date;
  readonly onProgress?: (done: number, total: number) => void;
}

export const manifestFile = (backup: string): string => `${backup}.json`;

const batch = 1_000;

/**
 * Copies the history of a store, as it is at one moment, to a file of its own with a manifest beside it. The tables of
 * projections are left out: they are rebuilt, and hold personal fields in clear, which a backup must not. Every event is
 * checked, so that a damaged store makes no backup. The writer is not held up.
 * @returns where the backup is; both files are durable
 * @throws Error when the store is damaged
 */
export async function backupStore(
  options: BackupOptions,
): Promise<{ file: string; manifest: BackupManifest }> {
  const { source, directory, now } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `.${source}-${process.pid}.partial`);
  removeDatabase(draft);
  try {
    const facts = copyStore(options, draft);
    const head = formatPosition(facts.head.at);
    const name = join(directory, `${source}-${now.toISOString().replace(/[:.]/g, '')}-${head}.db`);
    const manifest: BackupManifest = {
      ...{ format: 'concordat-backup/v1', source, epoch: facts.epoch, head, events: facts.events },
      hash: toBase64url(facts.head.hash),
      bytes: statSync(draft).size,
      sha256: await sha256Of(draft),
      createdAt: now.toISOString(),
    };
    syncPath(draft);
    writeFileSync(`${draft}.json`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, name);
    // Last: a file without a manifest is no backup.
    renameSync(`${draft}.json`, manifestFile(name));
    syncPath(directory);
    return { file: name, manifest };
  } finally {
    removeDatabase(draft);
    rmSync(`${draft}.json`, { force: true });
  }
}

interface Copied {
  readonly epoch: number;
  readonly head: Head;
  readonly events: number;
}

function copyStore({ file, source, now, onProgress }: BackupOptions, draft: string): Copied {
  const from = openDatabase(file, { readonly: true });
  let to: Connection | undefined;
  try {
    from.exec('BEGIN');
    const reader = new EventReader(from);
    const total = reader.count();
    prepareFile({ file: draft, source, migrations: undefined, now: () => now });
    to = openDatabase(draft);
    to.exec('BEGIN');
    const writer = new HistoryWriter(to, source);
    for (;;) {
      const events = reader.after(writer.head.at.position, batch, Number.MAX_SAFE_INTEGER);
      for (const event of events) {
        const problem = writer.add(event);
        if (problem) throw new Error(`${file} is damaged: ${problem}. No backup was made.`);
      }
      onProgress?.(writer.head.at.position, total);
      if (events.length < batch) break;
    }
    const { at } = reader.head();
    if (at.position !== writer.head.at.position)
      throw new Error(
        `${file} is damaged: its events end at ${writer.head.at.position}, its head is ${at.position}.`,
      );
    writer.finish(reader.epoch());
    copyCommands(from, to, at.position);
    to.exec('COMMIT');
    to.pragma('journal_mode = DELETE');
    return { epoch: reader.epoch(), head: writer.head, events: total };
  } finally {
    to?.close();
    from.close();
  }
}

/** @throws Error saying what is wrong with the backup */
export async function readManifest(backup: string, source: string): Promise<BackupManifest> {
  const text = await readFile(manifestFile(backup), 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new Error(
      `${manifestFile(backup)} cannot be read: a backup is the file and its manifest beside it.`,
    );
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`${manifestFile(backup)} is not the manifest of a backup.`);
  const manifest = parsed.data;
  if (manifest.source !== source)
    throw new Error(`${basename(backup)} is a backup of ${manifest.source}, not of ${source}.`);
  const bytes = statSync(backup, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) throw new Error(`${backup} is missing.`);
  if (bytes !== manifest.bytes || (await sha256Of(backup)) !== manifest.sha256)
    throw new Error(`${backup} is not what its manifest describes: it was changed, or is not complete.`);
  return manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Makes a file, or the names in a folder, survive a power cut. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${suffix}`, { force: true });
}
