import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { manifestFile } from '@concordat/eventsourcing';
import type { Service } from '@concordat/contracts';
import { keysDraftOf, keysFileOf } from './key-backups';

const dayMs = 86_400_000;
/** Longer than keys take to be written: what is a draft then was cut off. */
const draftMs = 3_600_000;

const named = (service: Service, suffix: string): RegExp =>
  new RegExp(`^${service}-(\\d{4}-\\d\\d-\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)(\\d{3})Z-\\d+-\\d+\\.db${suffix}$`);

export interface KeptBackup {
  readonly file: string;
  /** ms since 1970 */
  readonly madeMs: number;
}

function filesOf(directory: string, service: Service, suffix: string): KeptBackup[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => {
    const [, day, hour, minute, second, ms] = named(service, suffix).exec(name) ?? [];
    if (day === undefined) return [];
    return [{ file: join(directory, name), madeMs: Date.parse(`${day}T${hour}:${minute}:${second}.${ms}Z`) }];
  });
}

/** The backups of a service in a folder, the newest first. A file without its manifest is none. */
export const keptBackups = (directory: string, service: Service): KeptBackup[] =>
  filesOf(directory, service, '')
    .filter(({ file }) => existsSync(manifestFile(file)))
    .sort((a, b) => b.madeMs - a.madeMs);

/** Removes all but the newest. @returns what was removed */
export function removeOlderBackups(directory: string, service: Service, keep: number): string[] {
  const old = keptBackups(directory, service).slice(keep);
  for (const { file } of old) {
    for (const keys of [keysFileOf(file), keysDraftOf(file)]) rmSync(keys, { force: true });
    // Before the file: what is left by a crash in between is no backup.
    rmSync(manifestFile(file));
    rmSync(file);
  }
  return old.map(({ file }) => file);
}

/**
 * Removes the keys of backups that are so many days old: until then they could undo an erasure, as receipts say.
 * @param days 0: all
 * @returns what was removed
 */
export function removeExpiredKeys(
  directory: string,
  service: Service,
  days: number,
  nowMs: number,
): string[] {
  return removeOld(filesOf(directory, service, '\\.keys(?:\\.partial)?'), nowMs - days * dayMs);
}

/** Removes keys that a backup was about to write when it was cut off: they are no part of it. */
export const removeKeyDrafts = (directory: string, service: Service, nowMs: number): string[] =>
  removeOld(filesOf(directory, service, '\\.keys\\.partial'), nowMs - draftMs);

function removeOld(files: readonly KeptBackup[], upToMs: number): string[] {
  const old = files.filter(({ madeMs }) => madeMs <= upToMs);
  for (const { file } of old) rmSync(file, { force: true });
  return old.map(({ file }) => file);
}
